"""One person at one browser window; whatever goes wrong behind the page is remembered against it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect

from tests.browser.estate import PASSWORD, SLUG, Estate
from tests.browser.words import say

Role = Literal["button", "link", "tab", "checkbox", "heading", "textbox", "radio", "option", "combobox"]
DESKTOP, PHONE = (1440, 900), (390, 844)
# A refusal is judged by its status; htmx takes a check that a newer one overtakes for an error.
NO_TROUBLE = (
    "Failed to load resource: the server responded with a status of",
    "htmx:sendAbort",
    "htmx:afterRequest",
)
SECONDS = 20.0


class Desk:
    """A browser window of its own, with its own cookies. ``troubles`` must be empty in the end."""

    def __init__(self, browser: Browser, estate: Estate, size: tuple[int, int] = DESKTOP) -> None:
        self.estate = estate
        self.slug = SLUG
        self.is_phone = size == PHONE
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=self.is_phone, locale="en-GB"
        )
        self.context.set_default_timeout(SECONDS * 1000)
        self.troubles: list[str] = []
        self.context.on("console", self._heard)
        self.context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        self.context.on("response", self._answered)
        self.page: Page = self.context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NO_TROUBLE):
            self.troubles.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        """A page that is refused is told to its reader; a piece of a page that is missing is trouble."""
        is_page = response.request.resource_type == "document"
        if response.status >= 500 or (response.status in (403, 404) and not is_page):
            self.troubles.append(f"{response.status}: {response.url}")

    def take_troubles(self) -> list[str]:
        """What went wrong since it was last asked."""
        troubles, self.troubles[:] = list(self.troubles), []
        return troubles

    def another_tab(self) -> Desk:
        """The same person in a second tab of the same window."""
        twin = object.__new__(Desk)
        twin.__dict__.update(self.__dict__, page=self.context.new_page())
        return twin

    def go(self, path: str) -> None:
        """Open a page of the workspace."""
        self.page.goto(f"{self.estate.url}/w/{self.slug}{path}")

    def enter(self, email: str) -> Desk:
        """Be logged in, with the cookies of an earlier window where there was one."""
        cookies = self.estate.cookies.get(email)
        if cookies is None:
            self.log_in(email)
            self.estate.cookies[email] = self.context.cookies()
        else:
            self.context.add_cookies(cookies)
        return self

    def log_in(self, email: str) -> Desk:
        self.page.goto(f"{self.estate.url}/login")
        self.page.locator("[name=email]").fill(email)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.button("Log in").click()
        self.page.wait_for_url("**/w/**")
        return self

    def log_out(self) -> None:
        menu = self.page.locator(".tabbar details.menu" if self.is_phone else ".sidebar-foot details.menu")
        menu.locator("summary").click()
        menu.get_by_role("button", name=self.say("Log out")).click()
        self.page.wait_for_url("**/login*")

    def read_in(self, locale: str) -> None:
        """Choose a language in the profile, where it is not chosen already."""
        if self.page.locator("html").get_attribute("lang") == locale.replace("_", "-"):
            return
        self.page.goto(f"{self.estate.url}/profile")
        self.page.locator("[name=locale]").select_option(locale)
        self.button("Save").click()
        expect(self.page.locator("html")).to_have_attribute("lang", locale.replace("_", "-"))

    def say(self, english: str, **places: object) -> re.Pattern[str]:
        """The sentence as the page before us says it in its reader's language."""
        return say(self.page.locator("html").get_attribute("lang") or "en", english, **places)

    def by_role(self, role: Role, english: str, **places: object) -> Locator:
        return self.page.get_by_role(role, name=self.say(english, **places))

    def button(self, english: str, **places: object) -> Locator:
        return self.by_role("button", english, **places)

    def link(self, english: str, **places: object) -> Locator:
        return self.by_role("link", english, **places)

    def text(self, english: str, **places: object) -> Locator:
        return self.page.get_by_text(self.say(english, **places))

    def toast(self) -> Locator:
        """The newest message in the corner."""
        return self.page.locator("#toasts .toast").last

    def picture(self, path: Path) -> None:
        for number, page in enumerate(self.context.pages):
            page.screenshot(path=path.with_name(f"{path.name}-{number}.png"))

    def close(self) -> None:
        self.context.close()
