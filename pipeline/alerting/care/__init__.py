"""Residents in care (走失风险老人): enrolled by a guardian with consent, watched over at the gates and by the clock."""

from pipeline.alerting.care.carer import Carer, CareTerms
from pipeline.alerting.care.register import CareRegister
from pipeline.alerting.care.resident import Companion, Consent, Resident

__all__ = ["CareRegister", "CareTerms", "Carer", "Companion", "Consent", "Resident"]
