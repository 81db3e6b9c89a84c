"""The settings of the user: where data lie, which keys there are, and addresses that stand in for others.

They come from the environment and, where the environment says nothing, from `settings.toml` in the
user's configuration folder:

    data = "~/market/groundswell"
    contact = "name@example.org"
    FRED_API_KEY = "..."

    [addresses]
    fred = "https://mirror.example.org/fred"
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from groundswell.data.errors import DataError, closest
from groundswell.data.http.service import Key, Service

PREFIX = "GROUNDSWELL_"
SHORTEST_KEY = 8
"""Characters; a shorter key could not be taken out of an answer without harm to its figures."""


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise ValueError("this is not an address like https://host/path, without a question mark")
    return text.rstrip("/")


def _contact(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9.-]+\.[A-Za-z]+", text):
        raise ValueError("this is not an e-mail address like name@example.org")
    return text


def _secret(key: SecretStr) -> SecretStr:
    text = key.get_secret_value().strip()
    if text and not re.fullmatch(rf"[\x21-\x7e]{{{SHORTEST_KEY},}}", text):
        raise ValueError(f"a key has at least {SHORTEST_KEY} characters, letters, digits or signs")
    return SecretStr(text)


def _place(path: Path) -> Path:
    return path.expanduser().absolute()


Place = Annotated[Path, AfterValidator(_place)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]


def _key(variable: str) -> Any:
    return Field(SecretStr(""), validation_alias=AliasChoices(variable, variable.lower()))


def _folder(kind: str) -> Any:
    return Field(default_factory=lambda: getattr(platformdirs, kind)("groundswell", appauthor=False))


class Settings(BaseModel):
    """What the user has set; `read()` reads it, and a program may put one together.

    Attributes:
        data: folder of the store and of the archive of answers (`GROUNDSWELL_DATA`).
        cache: folder of what may be thrown away (`GROUNDSWELL_CACHE`).
        contact: e-mail address for services that ask whom they serve (`GROUNDSWELL_CONTACT`).
        catalog: a CSV file of series of the user's own (`GROUNDSWELL_CATALOG`).
        ca: certificates to trust besides the usual ones, a PEM file (`GROUNDSWELL_CA`).
        addresses: by key of a service, the address asked instead (`GROUNDSWELL_FRED_ADDRESS`).
        fred_api_key: key of the service, like the four that follow; the variable is its name in capitals.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    data: Place = _folder("user_data_path")
    cache: Place = _folder("user_cache_path")
    contact: Annotated[str, AfterValidator(_contact)] | None = None
    catalog: Place | None = None
    ca: Place | None = None
    addresses: Mapping[str, Annotated[str, AfterValidator(_address)]] = Field(default_factory=dict)
    fred_api_key: Secret = _key("FRED_API_KEY")
    bea_api_key: Secret = _key("BEA_API_KEY")
    bls_api_key: Secret = _key("BLS_API_KEY")
    eia_api_key: Secret = _key("EIA_API_KEY")
    cftc_app_token: Secret = _key("CFTC_APP_TOKEN")

    def secret(self, key: Key) -> str:
        """Return a key in clear, or an empty string where the user has none."""
        secret = getattr(self, key.variable.lower(), SecretStr(""))
        return str(secret.get_secret_value())

    def absent(self, services: Iterable[Service]) -> list[Key]:
        """Return the keys that the services would take and the user has not given, each once."""
        wanted = {each.credential.variable: each.credential for each in services if each.credential}
        return [key for key in wanted.values() if not self.secret(key)]

    def keyless(self) -> Settings:
        """Return the same settings without any key."""
        keys = [name for name, field in type(self).model_fields.items() if field.annotation is SecretStr]
        return self.model_copy(update=dict.fromkeys(keys, SecretStr("")))

    def address(self, service: Service) -> str:
        """Return the address that a service is asked at."""
        return self.addresses.get(service.key, service.address.rstrip("/"))


def settings_file() -> Path:
    """Return where the settings file is looked for."""
    return platformdirs.user_config_path("groundswell", appauthor=False) / "settings.toml"


def read(file: Path | None = None) -> Settings:
    """Return the settings as the environment and the settings file have them.

    Args:
        file: the settings file; `None` takes the one of `settings_file()`. It may be absent.

    Raises:
        DataError: the file or a variable is malformed; the message names it and the entry.
    """
    # Two thirds of the time of opening this module would go into this import.
    from pydantic_settings import (
        BaseSettings,
        PydanticBaseSettingsSource,
        SettingsConfigDict,
        TomlConfigSettingsSource,
    )

    place = settings_file() if file is None else file

    class Read(BaseSettings, Settings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, toml_file=place)

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    try:
        # Addresses of several services are merged: those of the environment win, the file's stay.
        addresses = _addresses_of_environment()
        given: dict[str, Any] = {"addresses": addresses} if addresses else {}
        found = Read(**given)
    except ValidationError as problem:
        raise _complaint(problem, place) from None
    except (OSError, ValueError) as problem:
        # A TOML file that does not parse is a ValueError; its message gives line and column.
        raise DataError(
            f"the settings cannot be read: {problem}",
            where=str(place),
            expected='lines like contact = "name@example.org"',
            remedy="correct the file, or move it away to go on without settings",
        ) from None
    return Settings.model_construct(**{name: getattr(found, name) for name in Settings.model_fields})


def _addresses_of_environment() -> dict[str, str]:
    pattern = re.compile(rf"{PREFIX}(\w+)_ADDRESS", re.ASCII)
    found = ((pattern.fullmatch(name), value) for name, value in os.environ.items())
    return {match[1].lower(): value for match, value in found if match and value}


def _complaint(problem: ValidationError, file: Path) -> DataError:
    """Return the first complaint in words, without the value: it may be a key."""
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    names = [str(part) for part in first["loc"]]
    variables = [f"{PREFIX}{names[0]}".upper(), names[0].upper(), f"{PREFIX}{names[-1]}_address".upper()]
    variable = next((name for name in variables if os.environ.get(name)), None)
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        what = f"there is no such setting{closest(names[0], Settings.model_fields)}"
    return DataError(
        what[0].lower() + what[1:],
        where=f"environment variable {variable}" if variable else f"{file}, '{'.'.join(names)}'",
        expected="a setting as the handbook lists them",
        remedy="correct it or remove it",
    )
