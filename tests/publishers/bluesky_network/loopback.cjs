// The reference servers listen on all interfaces; loaded before them, this keeps them on loopback.
const net = require('node:net')

const listen = net.Server.prototype.listen

function onLoopback(args) {
  const [first, second] = args
  if (first !== null && typeof first === 'object' && first.path === undefined) {
    return [{ ...first, host: '127.0.0.1' }, ...args.slice(1)]
  }
  if (/^\d+$/.test(String(first))) {
    return [first, '127.0.0.1', ...args.slice(typeof second === 'string' ? 2 : 1)]
  }
  if (typeof first === 'function' || args.length === 0) {
    return [0, '127.0.0.1', ...args]
  }
  return args
}

net.Server.prototype.listen = function (...args) {
  return listen.apply(this, onLoopback(args))
}
