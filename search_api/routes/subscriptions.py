"""Subscriptions: who is told what, when, how; and what became of the messages."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from pipeline.alerting.delivery.channel import Undelivered
from pipeline.alerting.delivery.outbox import LetterState
from pipeline.alerting.subscriptions.terms import Terms
from search_api.inputs import parse_time
from search_api.routes.dependencies import Alerts, Caller, problems
from search_api.wire.alerting import (
    LetterOut,
    MuteIn,
    ReceiptOut,
    ResendIn,
    ResentOut,
    SubscriptionOut,
    letter_out,
    subscription_out,
)

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])
SubscriptionId = Annotated[str, Path(max_length=64, examples=["6f1c0a9d27b34e58a0c1"])]


@router.post("", status_code=201, responses=problems(401, 413, 422), summary="Subscribe")
def subscribe(terms: Terms, alerting: Alerts, caller: Caller, response: Response) -> SubscriptionOut:
    """Accept a subscription. The secret of a webhook is in this answer and in no other."""
    made = alerting.book.add(terms, caller)
    response.headers["Location"] = f"/v1/subscriptions/{made.id}"
    return subscription_out(made, with_secret=True)


@router.get("", responses=problems(401), summary="All subscriptions and how they fare")
def subscriptions(alerting: Alerts) -> list[SubscriptionOut]:
    """Return all, oldest first."""
    counts, lanes = alerting.outbox.counts(), alerting.delivery.counters()
    listed = []
    for each in alerting.book.all():
        counted = {state: counts.get((each.id, state), 0) for state in LetterState}
        lane = lanes.get(each.id)
        listed.append(subscription_out(each, {str(s): n for s, n in counted.items()}, lane.failing if lane else ""))
    return listed


@router.get("/{subscription_id}", responses=problems(401, 404), summary="One subscription")
def subscription(subscription_id: SubscriptionId, alerting: Alerts) -> SubscriptionOut:
    """Return one, without anything secret."""
    found, counts = alerting.book.get(subscription_id), alerting.outbox.counts()
    counted = {str(state): counts.get((subscription_id, state), 0) for state in LetterState}
    lane = alerting.delivery.counters().get(subscription_id)
    return subscription_out(found, counted, lane.failing if lane else "")


@router.put("/{subscription_id}", responses=problems(401, 404, 413, 422), summary="Change a subscription")
def change(subscription_id: SubscriptionId, terms: Terms, alerting: Alerts) -> SubscriptionOut:
    """Put other terms in place; leave `address` empty to keep the one there is."""
    before = alerting.book.get(subscription_id)
    changed = alerting.book.change(subscription_id, terms)
    return subscription_out(changed, with_secret=changed.secret != before.secret)


@router.delete("/{subscription_id}", status_code=204, responses=problems(401, 404, 422), summary="Unsubscribe")
def unsubscribe(subscription_id: SubscriptionId, alerting: Alerts) -> None:
    """Forget a subscription and the messages it waits for."""
    alerting.book.remove(subscription_id)


@router.post("/{subscription_id}/mute", responses=problems(401, 404, 422), summary="Tell nothing for a while")
def mute(subscription_id: SubscriptionId, wish: MuteIn, alerting: Alerts, caller: Caller) -> SubscriptionOut:
    """Mute until a time; it ends by itself. Escalations are planned all the same."""
    muted = alerting.book.mute(subscription_id, parse_time(wish.until), caller, wish.reason.strip())
    return subscription_out(muted)


@router.delete("/{subscription_id}/mute", responses=problems(401, 404), summary="Tell again")
def unmute(subscription_id: SubscriptionId, alerting: Alerts) -> SubscriptionOut:
    """End a mute before its time."""
    return subscription_out(alerting.book.unmute(subscription_id))


@router.post("/{subscription_id}/test", responses=problems(401, 404, 422, 503), summary="Send a test message")
def test(subscription_id: SubscriptionId, alerting: Alerts, caller: Caller) -> ReceiptOut:
    """Send one message at once and say what the receiver answered."""
    try:
        return ReceiptOut(delivered=True, receipt=alerting.send_test(subscription_id, caller))
    except Undelivered as error:
        return ReceiptOut(delivered=False, reason=str(error))


@router.get("/{subscription_id}/letters", responses=problems(401, 404, 422), summary="What became of the messages")
def letters(
    subscription_id: SubscriptionId,
    alerting: Alerts,
    state: Annotated[LetterState | None, Query(description="`dead` lists the dead letters")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, description="only letters with a lower number: the next page")] = None,
) -> list[LetterOut]:
    """Return messages to one subscriber, newest first, each with its receipt or the reason of the last failure."""
    alerting.book.get(subscription_id)
    return [letter_out(each) for each in alerting.outbox.letters(subscription_id, state, limit, before)]


@router.post("/{subscription_id}/resend", responses=problems(401, 404, 422), summary="Send dead letters again")
def resend(subscription_id: SubscriptionId, alerting: Alerts, wish: ResendIn | None = None) -> ResentOut:
    """Make dead letters pending: the named ones, or all."""
    alerting.book.get(subscription_id)
    return ResentOut(resent=alerting.delivery.revive(subscription_id, wish.letters if wish else None))
