// Keeps the timeline current without disturbing what is being watched: only new posts and counts are exchanged.
(function () {
  "use strict";
  var list = document.getElementById("timeline");
  if (!list) return;
  var pause = Number(list.dataset.refresh || 4) * 1000;

  function parts(article) {
    return [article.querySelector(".counts"), article.querySelector("time")];
  }

  function renew(old, fresh) {
    var from = parts(old), to = parts(fresh);
    for (var i = 0; i < from.length; i++) {
      if (from[i].textContent !== to[i].textContent) from[i].replaceWith(document.adoptNode(to[i]));
    }
  }

  function merge(fresh) {
    var seen = {}, previous = null;
    var empty = list.querySelector(".empty");
    if (empty && fresh.querySelector("article")) empty.remove();
    Array.from(fresh.querySelectorAll("article")).forEach(function (article) {
      seen[article.id] = true;
      var old = document.getElementById(article.id);
      if (old) renew(old, article);
      else {
        old = document.adoptNode(article);
        old.classList.add("new");
        if (previous) previous.after(old); else list.prepend(old);
      }
      previous = old;
    });
    list.querySelectorAll("article").forEach(function (article) {
      if (!seen[article.id]) article.remove();
    });
  }

  function tick() {
    if (document.hidden) { setTimeout(tick, pause); return; }
    fetch(location.href, { headers: { Accept: "text/html" } })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").getElementById("timeline");
        if (fresh) merge(fresh);
      })
      .catch(function () {})
      .then(function () { setTimeout(tick, pause); });
  }

  setTimeout(tick, pause);
})();
