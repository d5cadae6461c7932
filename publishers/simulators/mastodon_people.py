"""Accounts of a simulated Mastodon server and the tokens they hold."""

from __future__ import annotations

import re
import secrets

from publishers.simulators.mastodon_state import Account, App, State, Token
from publishers.simulators.simulator import Simulator

SEEDER = "Almanac"
WANTED = ["read", "write", "profile"]


class People:
    """Makes accounts and issues tokens; the caller holds the lock."""

    def __init__(self, sim: Simulator, state: State) -> None:
        self._sim, self._state = sim, state

    def get_or_make(self, username: str, name: str = "", seed: str = "") -> Account:
        """The account of this user name, made if there is none."""
        known = self._state.account_named(username)
        if known is not None:
            known.name = name or known.name
            known.seed = seed or known.seed
            return known
        plain = re.sub(r"\W+", "_", username.lstrip("@").split("@")[0]) or "someone"
        now = self._sim.clock.now()
        account = Account(self._state.new_id(now), plain, name or username, seed or plain, now)
        self._state.accounts[account.id] = account
        self._sim.changed.set()
        return account

    def issue(self, account_id: str, app_id: str, scopes: list[str]) -> Token:
        """A new token for an account."""
        token = Token(secrets.token_urlsafe(32), account_id, app_id, scopes, self._sim.clock.now())
        self._state.tokens[token.value] = token
        self._sim.changed.set()
        return token

    def own_app(self) -> App:
        """The client that tokens given out without a browser belong to."""
        known = next((app for app in self._state.apps.values() if app.name == SEEDER), None)
        if known is not None:
            return known
        id = self._state.new_id(self._sim.clock.now())
        app = App(id, SEEDER, "", secrets.token_urlsafe(32), secrets.token_urlsafe(32), [], list(WANTED))
        self._state.apps[app.id] = app
        return app
