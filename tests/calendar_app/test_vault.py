"""Secrets at rest."""

import pytest

from calendar_app.vault import Sealed, Vault


def test_what_is_sealed_does_not_show_and_opens_again() -> None:
    vault = Vault(["first key"])
    sealed = vault.seal({"access_token": "open sesame"})
    assert b"sesame" not in sealed
    assert vault.open(sealed) == {"access_token": "open sesame"}


def test_keys_rotate_without_losing_anything() -> None:
    sealed = Vault(["old"]).seal({"token": "t"})
    renewed = Vault(["new", "old"]).reseal(sealed)
    assert Vault(["new"]).open(renewed) == {"token": "t"}


def test_a_lost_key_is_told_and_not_guessed() -> None:
    with pytest.raises(Sealed):
        Vault(["other"]).open(Vault(["key"]).seal({}))
