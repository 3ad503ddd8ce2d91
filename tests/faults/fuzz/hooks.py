"""What providers of mail call, signed as they sign it, with something else inside."""

import base64
import hashlib
import hmac
import json
import random
import time
from typing import Any

from tests.faults.fuzz.places import Places
from tests.faults.fuzz.values import Request, multipart, odd_json, odd_text

MAIL_SECRETS = {
    "mailgun": "signing-key",
    "postmark": "hook:sesame",
    "resend": "whsec_" + base64.b64encode(b"a secret of twenty-four").decode(),
}


def hook(chance: random.Random, _places: Places) -> Request:
    """What a provider of mail calls, signed as it would be, with something else inside."""
    provider = chance.choice(list(MAIL_SECRETS))
    told: Any = _told(chance, provider)
    if chance.random() < 0.4:
        told = _disturbed(chance, told)
    elif chance.random() < 0.3:
        told = chance.choice(["x", [], [[]], {}, None, 7, {"event-data": []}, {"signature": "x"}, {"data": None}])
    where = f"/hooks/mail/{provider}/" + ("inbound/" if chance.random() < 0.4 else "")
    return _signed(chance, provider, where, told)


def _told(chance: random.Random, provider: str) -> Any:
    address = f"p{chance.randrange(40)}@example.org"
    if provider == "mailgun":
        about = {"recipient": address, "user-variables": {"mail": "x"}, "timestamp": 1e9, "id": "1", "severity": "x"}
        event = chance.choice(["delivered", "failed", "complained", "opened", "x"])
        return {"event-data": {"event": event, "reason": "bounce", "delivery-status": {"code": 550}, **about}}
    if provider == "postmark":
        whole = {"Email": address, "Name": odd_text(chance), "MailboxHash": ""}
        words = {"Subject": odd_text(chance), "TextBody": odd_text(chance)}
        names = ["References", "Message-ID", "In-Reply-To", "Date"]
        head = [{"Name": chance.choice(names), "Value": odd_text(chance)}]
        kind = chance.choice(["Delivery", "Bounce", "SpamComplaint", "Open", "Inbound", "x"])
        told: dict[str, Any] = {
            "RecordType": kind,
            "Type": "HardBounce",
            "ID": 7,
            "Recipient": address,
            "Email": address,
        }
        mail = {"FromFull": whole, "ToFull": [whole], "Headers": head, "Attachments": [], "MessageID": "1"}
        return mail | words | told | {"Metadata": {"mail": "x"}}
    data = {"to": [address], "email_id": "1", "headers": [{"name": "X-Metadata", "value": '{"mail": "x"}'}]}
    return {"type": chance.choice(["email.bounced", "email.complained", "x"]), "created_at": "2026-11-26", "data": data}


def _disturbed(chance: random.Random, told: Any) -> Any:
    """One value of it, at any depth, is something else."""
    if isinstance(told, dict) and told and chance.random() < 0.9:
        key = chance.choice(sorted(told))
        if chance.random() < 0.1:
            return {name: value for name, value in told.items() if name != key}
        return {**told, key: _disturbed(chance, told[key])}
    if isinstance(told, list) and told and chance.random() < 0.9:
        return [_disturbed(chance, told[0]), *told[1:]]
    return chance.choice([None, [], {}, odd_text(chance), 10**30, -1, True, [[]], "\x00", 1e308])


def _signed(chance: random.Random, provider: str, where: str, told: Any) -> Request:
    key, stamp, token = MAIL_SECRETS[provider], str(int(time.time())), f"{chance.getrandbits(64):x}"
    headers = [("Content-Type", "application/json")]
    is_proven = chance.random() < 0.9
    if provider == "postmark" and is_proven:
        headers.append(("Authorization", "Basic " + base64.b64encode(key.encode()).decode()))
    if provider == "mailgun":
        sign = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest() if is_proven else "x"
        proof = {"timestamp": stamp, "token": token, "signature": sign}
        if "inbound" in where:
            told = {
                **proof,
                **_told(chance, provider)["event-data"],
                "body-mime": odd_text(chance),
                "sender": odd_text(chance),
            }
            pairs = [(name, str(value).encode("utf-8", "replace")) for name, value in told.items()]
            kind, body = multipart(chance, pairs)
            return Request("POST", where, [("Content-Type", kind)], body, provider=provider)
        told = {**told, "signature": proof} if isinstance(told, dict) else told
    raw = json.dumps(told).encode()
    if chance.random() < 0.1:
        raw = chance.choice([odd_json(chance), raw[:-1], raw.replace(b'"', b"\xff", 1), b"\xff" + raw])
    if provider == "resend" and is_proven:
        digest = hmac.new(
            base64.b64decode(key.removeprefix("whsec_")), f"msg_{token}.{stamp}.".encode() + raw, hashlib.sha256
        ).digest()
        sign = "v1," + base64.b64encode(digest).decode()
        headers += [("svix-id", f"msg_{token}"), ("svix-timestamp", stamp), ("svix-signature", sign)]
    return Request("POST", where, headers, raw, provider=provider)
