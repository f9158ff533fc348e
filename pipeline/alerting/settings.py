"""What can be configured about incidents and their delivery."""

from ipaddress import ip_network
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

APPRISE_SCHEMES = ("mailto", "mailtos", "wecombot", "dingtalk", "feishu", "lark")


class AlertingSettings(BaseModel):
    """Section `alerting` of the configuration; everything in it may be left out.

    Alerts with a common track, identity, subject or zone that lie within `window_s` of each other become one incident,
    which takes alerts for `longest_s` at most. `private_receivers` lists the networks (`10.1.0.0/16`) and host names
    inside private address space that messages may be sent to: nothing private is reached unless it stands here.
    `public_address` is put before the links to pictures, for instance `https://box.example.org`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    public_address: str = Field(default="", pattern=r"^(https?://[^\s/]+)?$")
    window_s: float = Field(default=300, ge=0, le=86_400)
    longest_s: float = Field(default=3600, gt=0, le=7 * 86_400)
    keep_days: int = Field(default=90, ge=1, le=3650)
    private_receivers: tuple[str, ...] = ()
    apprise_schemes: tuple[str, ...] = APPRISE_SCHEMES
    longest_mute_days: float = Field(default=30, gt=0, le=366)
    timeout_s: float = Field(default=10, gt=0, le=120)
    retry_first_s: float = Field(default=1, gt=0)
    retry_longest_s: float = Field(default=300, gt=0)
    give_up_after_h: float = Field(default=24, gt=0)
    outbox_limit: int = Field(default=10_000, ge=10)

    @field_validator("private_receivers")
    @classmethod
    def _networks(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        for entry in listed:
            if "/" in entry:
                ip_network(entry)  # its own message names the fault
        return listed
