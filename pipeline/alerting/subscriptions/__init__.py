"""Who wants to be told what, when and how."""

from pipeline.alerting.subscriptions.book import SubscriptionBook
from pipeline.alerting.subscriptions.terms import Channel, Subscription, Terms

__all__ = ["Channel", "Subscription", "SubscriptionBook", "Terms"]
