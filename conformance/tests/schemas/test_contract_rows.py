"""A slip in ``contract.toml`` is named in one sentence: the row, the key, and what would be right."""

import pytest

from redeploy_schemas.contract import InvalidContractError, contract_text, parse

TEXT = contract_text()
SLIPS = {
    "an unknown key": (
        "only_with",
        "only_wth",
        "[[event]] SystemFailure.Reboot has an unknown key 'only_wth': did you mean only_with?",
    ),
    "a key that is missing": (
        'message = "IncorrectDiskStatus."\n',
        "",
        "[[error]] DiskError has no message: a text is needed there",
    ),
    "a value of another kind": (
        "[]\nallowed = false",
        '[]\nallowed = "no"',
        "[[authorization.case]] nothing granted has allowed = 'no', which is not true or false",
    ),
    "a slip within a row": (
        'attribute = "exists"',
        'atribute = "exists"',
        "[[error]] InvalidInstanceId.NotFound, when 1 has an unknown key 'atribute': "
        "did you mean attribute?",
    ),
    "policies written in no known way": (
        'written = "policies"',
        'written = "policy"',
        "[[authorization.case]] an allow in the second of two policies: written 'policy' is "
        "unknown: did you mean policies?",
    ),
    "an unknown table": (
        "[[forgery]]",
        "[[forgry]]",
        "the file has an unknown key 'forgry': did you mean forgery?",
    ),
    "two rows of one name": (
        'id = "A15"',
        'id = "A1"',
        "two [[clause]] rows have the id 'A1': each needs its own",
    ),
    "no TOML": ("[[event]]", "[[event]", "contract.toml is no TOML"),
    "an unknown strength": (
        'strength = "implied"',
        'strength = "implid"',
        "[[clause]] A8: strength 'implid' is unknown: did you mean implied?",
    ),
    "an unknown part": (
        'needs = ["accounts", "instances", "inspect"]',
        'needs = ["accounts", "instances", "inspct"]',
        "[[clause]] L4: needs 'inspct' is unknown: did you mean inspect?",
    ),
    "an implied clause without an argument": (
        'argument = "It was not carried out."\n',
        "",
        "[[clause]] Q4 is implied and gives no argument: why its words mean nothing without it",
    ),
    "an open clause without choices": (
        'choices = ["refuse", "accept"]\n',
        "",
        "[[clause]] A10 is open and has no choices: the words, or [] where it is no word",
    ),
    "a single choice": (
        'choices = ["refuse", "accept"]',
        'choices = ["refuse"]',
        "[[clause]] A10 has choices ['refuse']: two at least, all different",
    ),
    "choices of a clause that binds": (
        'strength = "documented"\nsource = "rate limit"',
        'strength = "documented"\nchoices = ["a", "b"]\nsource = "rate limit"',
        "[[clause]] Q1 has choices and is documented: only what is open has choices",
    ),
    "a clause that does not exist": (
        'name = "empty InstanceId"\nclause = "A14"',
        'name = "empty InstanceId"\nclause = "A41"',
        "[[malformed]] empty InstanceId names clause A41, and there is no [[clause]] with that "
        "id: add it",
    ),
    "an open code of a clause that binds": (
        'code_is_open = "A5"',
        'code_is_open = "A7"',
        "[[error]] InvalidOperation.RedeployInstance names A7 as code_is_open, and that clause "
        "is documented",
    ),
    "a default that is no value": (
        'default = "current"',
        'default = "curent"',
        "[[attribute]] billing: default 'curent' is unknown: did you mean current?",
    ),
    "a default of a set that is no list": (
        "default = []",
        'default = "security"',
        "[[attribute]] lock_reasons: its default is a list where set = true, and only there",
    ),
    "an unknown attribute": (
        'attribute = "tenancy"',
        'attribute = "tenncy"',
        "[[error]] InvalidOperation.RedeployInstance: attribute 'tenncy' is unknown: "
        "did you mean tenancy?",
    ),
    "a value that an attribute does not have": (
        'forbidden = ["security"]',
        'forbidden = ["safety"]',
        "[[error]] InstanceLockedForSecurity: lock_reasons 'safety' is unknown: it is one of "
        "security, financial, recycling, dedicatedhostfinancial, refunded",
    ),
    "neither allowed nor forbidden": (
        'attribute = "billing", allowed = ["current"]',
        'attribute = "billing"',
        "[[error]] InstanceExpiredOrInArrears, billing: it needs allowed or forbidden, one of "
        "the two",
    ),
    "a default that is refused": (
        'attribute = "billing", allowed = ["current"]',
        'attribute = "billing", allowed = ["expired"]',
        "[[error]] InstanceExpiredOrInArrears: the default of billing would already be refused",
    ),
    "a status of no error": (
        "http_status = 404",
        "http_status = 40",
        "[[error]] InvalidInstanceId.NotFound: http_status 40 is none of an error, 400 to 599",
    ),
    "a misspelt event status": (
        'statuses = ["Executing"]',
        'statuses = ["Excuting"]',
        "[[event]] SystemFailure.Reboot: statuses 'Excuting' is unknown: did you mean Executing?",
    ),
    "an event without statuses": (
        'statuses = ["Executing"]',
        "statuses = []",
        "[[event]] SystemFailure.Reboot has no statuses: those in which a redeploy responds to it",
    ),
    "an event with an attribute of nothing": (
        'only_with = { storage = "local" }',
        'only_with = { storge = "local" }',
        "[[event]] SystemFailure.Reboot: only_with 'storge' is unknown: did you mean storage?",
    ),
    "an event with a value of nothing": (
        'only_with = { storage = "local" }',
        'only_with = { storage = "locl" }',
        "[[event]] SystemFailure.Reboot: only_with storage 'locl' is unknown: did you mean local?",
    ),
    "an event both listed and not": (
        'types = ["',
        'types = ["SystemFailure.Redeploy", "',
        "[[event]] SystemFailure.Redeploy is among the types of [event_unlisted], too: it is "
        "listed or not",
    ),
    "a gap that nothing ends": (
        'ends_isolation_gap = "SystemMaintenance.RebootAndReInit',
        'ends_isolation_gap = "SystemMaintenance.RebootAndReinit',
        "[event_unlisted]: ends_isolation_gap 'SystemMaintenance.RebootAndReinitErrorDisk' is "
        "unknown: did you mean SystemMaintenance.RebootAndReInitErrorDisk?",
    ),
    "a status both open and final": (
        'final = ["',
        'final = ["Executing", "',
        "[event_status] has Executing as open and as final",
    ),
    "a path over a status of nothing": (
        'path = ["Starting"',
        'path = ["Startng"',
        "[[transition]] Stopped: path 'Startng' is unknown: did you mean Starting?",
    ),
    "a malformed call that is well formed": (
        'drop = ["InstanceId"]',
        "",
        "[[malformed]] no InstanceId neither drops nor sets a parameter: it is well formed",
    ),
    "a parameter dropped that no call has": (
        'drop = ["InstanceId"]',
        'drop = ["InstancId"]',
        "[[malformed]] no InstanceId: drop 'InstancId' is unknown: did you mean InstanceId?",
    ),
    "an effect that no policy has": (
        'Effect = "Allow", Action = "ecs:RebootInstance"',
        'Effect = "Alow", Action = "ecs:RebootInstance"',
        "[[authorization.case]] another action: Effect 'Alow' is unknown: did you mean Allow?",
    ),
    "a stand-in that means nothing": (
        "acs:ecs:us-west-1:{account}",
        "acs:ecs:us-west-1:{acount}",
        "[[authorization.case]] another region: Resource 'acs:ecs:us-west-1:{acount}:instance/*' "
        "has more in braces than {region}, {account} and {instance}",
    ),
    "a signature that nobody can make": (
        'signature = "stale"',
        'signature = "late"',
        "[[forgery]] expired timestamp: signature 'late' is unknown: it is one of wrong-secret, "
        "missing, altered, stale, replayed, unknown-key, unreadable, nothing",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), SLIPS.values(), ids=list(SLIPS))
def test_a_slip_is_named(old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    with pytest.raises(InvalidContractError) as told:
        parse(TEXT.replace(old, new, 1))
    whole = str(told.value)
    assert whole.startswith("contract.toml")
    assert whole.removeprefix("contract.toml, ").startswith(sentence)
