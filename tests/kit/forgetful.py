"""A shop that knows somebody in every place that it can, and a search through every byte."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from tests.kit.shop import ShopFolder, shop

ANN = "cust-ann-77"
BEN = "cust-ben-78"
MAIL = "Ann.Lee@Example.com"
PHONE = "(415) 555-2671"

SETTINGS = """\
shop: {name: Corner shop, currency: USD, region: US, locale: en_US}
as_of: 2026-11-24
sources:
  customers:
    file: customers.csv
    columns: {customer_id: id, first_name: name, age: age, email: mail, phone: phone, ok: ok}
  purchases: {file: purchases.csv}
  responses: {file: responses.csv}
  suppressions: {file: suppressions.csv}
fields:
  first_name: {type: text, personal: yes}
  age: {type: number, unit: years, range: [0, 120], fill: median}
  email: {type: text, personal: yes}
  phone: {type: text, personal: yes}
  ok: {type: yes/no}
"""
POLICY = """\
key: corner
channels: {email: {address: email, consent: ok, cost: 0.01}, sms: {address: phone, consent: ok}}
same_person: [email, phone]
each_customer_gets: all
"""
RULE = """\
title: Grown up
priority: {priority}
when: {{all: [{{age: {{at_least: 18}}}}]}}
then: {{offer: hello, channel: {channel}, message: hello.j2}}
examples:
  - {{case: just adult, given: {{age: 18}}, expect: in}}
  - {{case: too young, given: {{age: 17}}, expect: out}}
"""
# A line with a cell too many names ANN, and two rows of hers are refused below.
CUSTOMERS = f"""\
id,name,age,mail,phone,ok
{ANN},Annabel,40,{MAIL},{PHONE},yes
{BEN},Benjamin,41,ben@example.com,+1 415 555 2672,yes
cust-cy-79,Cyrus,50,cy@example.com,(415) 555-2673,yes
cust-di-80,Diana,,di@example.com,,yes
cust-ed-81,Edgar,30,ed@example.com,(415) 555-2675,no
cust-flo-83,Florence,old,x@example.com,,yes
cust-line-82,too,many,cells,{MAIL},yes,{ANN}
"""
PURCHASES = f"""\
customer_id,purchased_on,amount,transaction_id
{ANN},2026-11-01,10.00,t1
{ANN},2026-13-01,10.00,t2
{BEN},2026-11-02,12.00,t3
"""
RESPONSES = f"""\
customer_id,email,event,happened_on,channel
{ANN},,opened,2026-11-10,email
,{MAIL.lower()},clicked,2026-11-11,email
{BEN},,opened,2026-11-10,email
,{MAIL},sneezed,2026-11-11,email
"""
EXPORTS = {
    "exports/contact_list.yaml": """\
title: Contact list
formats: [csv, xlsx]
columns:
  - Customer: {field: customer_id}
  - rule: {field: rule}
  - likelihood: {field: likelihood, decimals: 3}
  - age: {field: age}
  - address: {field: address}
  - message: {field: message}
""",
    "exports/audience.yaml": """\
read_by: machine
formats: [csv]
columns:
  - email: {field: email, normalise: email, hash: sha256}
  - phone: {field: phone, normalise: e164_digits, hash: sha256}
""",
    "exports/raw.yaml": """\
read_by: machine
formats: [csv, xlsx]
csv: {delimiter: ";", encoding: utf-16, newline: lf}
columns:
  - mail: {field: email, hash: sha256}
  - phone: {field: phone}
  - number: {field: phone, normalise: e164}
""",
    "exports/names.yaml": """\
formats: [csv, xlsx]
split_at: 1 row
columns:
  - first name: {field: first_name}
""",
}


def forgetful(folder: Path) -> ShopFolder:
    """Make the shop, before its first run."""
    files = {
        "targeting.yaml": SETTINGS,
        "rules/policy.yaml": POLICY,
        "rules/marketing/mail.yaml": RULE.format(channel="email", priority=1),
        "rules/marketing/text.yaml": RULE.format(channel="sms", priority=2),
        "templates/messages/hello.j2": "Subject: Hello\nHello {{ first_name }}\n",
        "customers.csv": CUSTOMERS,
        "purchases.csv": PURCHASES,
        "responses.csv": RESPONSES,
        "suppressions.csv": "email\nnobody@example.com\n",
        **EXPORTS,
    }
    return shop(folder, files, bare=True)


def secrets_of(customer: str, mail: str, phone: str, e164: str) -> list[str]:
    """List every spelling by which somebody could be known, SHA-256 included."""
    plain = [customer, mail, mail.lower(), phone, e164, e164.removeprefix("+")]
    return [*plain, *(hashlib.sha256(text.encode()).hexdigest() for text in plain)]


ANNS = secrets_of(ANN, MAIL, PHONE, "+14155552671")
BENS = secrets_of(BEN, "ben@example.com", "+1 415 555 2672", "+14155552672")


def found_in(folder: Path, secrets: list[str]) -> set[tuple[str, str]]:
    """Search every byte of every file, unpacked too: the file's name and the secret."""
    return {
        (path.relative_to(folder).as_posix(), secret)
        for path in folder.rglob("*")
        if path.is_file()
        for data in _unpacked(path)
        for secret in secrets
        if any(spelled in data for spelled in _spellings(secret))
    }


def _unpacked(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if path.suffix == ".parquet":
        opened = io.BytesIO()
        pl.read_parquet(path, hive_partitioning=False, glob=False).write_ipc(opened)
        yield opened.getvalue()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            for name in parts.namelist():
                yield parts.read(name)


def _spellings(secret: str) -> list[bytes]:
    binary = [bytes.fromhex(secret)] if len(secret) == 64 else []
    return [secret.encode(), secret.encode("utf-16-le"), *binary]
