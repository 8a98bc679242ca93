"""Whether a source may say this: its pinned authority, and the XML signature where the authority pins certificates (ACC-8)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from hub.policy import Authority, No, authority_allows
from hub.subscription import AlertFacts

_CANONICAL_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_DS = "{http://www.w3.org/2000/09/xmldsig#}"


@dataclass(frozen=True, slots=True)
class Trust:
    """`held` is "" when the source may say it, else the reason. `signature` is the verdict that is stored once, at reception:
    unsigned, not-checked (the authority pins no certificate), valid, unpinned, broken.
    """

    signature: str
    held: str = ""


def judge(facts: AlertFacts, authorities: Mapping[str, Authority], *, document: bytes) -> Trust:
    """Whether the facts' source has the authority for this alert; deny by default."""
    authority = authorities.get(facts.source)
    if authority is None:
        return Trust(signature="not-checked", held="no-authority")
    signature = "unsigned" if not facts.alert.signatures else "not-checked"
    if authority.certificates:
        signature = verify(document, authority.certificates) if facts.alert.signatures else "unsigned"
        if signature != "valid":
            return Trust(signature=signature, held=f"signature-{signature}")
    answer = authority_allows(authority, facts)
    return Trust(signature=signature, held=answer.reason if isinstance(answer, No) else "")


def verify(document: bytes, certificates: tuple[str, ...]) -> str:
    """valid, unpinned or broken: the enveloped XML-DSig of `document` over the bytes as received, against pinned PEM certificates.

    Needs the `sign` extra (signxml). Base64 that is not canonical is broken: letters changed in its discarded bits decode alike.
    """
    # an extra: only authorities that pin certificates need it
    from signxml.exceptions import InvalidDigest, InvalidInput, InvalidSignature
    from signxml.verifier import VerifyResult, XMLVerifier

    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        return "broken"
    if not _covers_all(root):
        return "broken"
    if not all(_is_canonical(node.text or "") for node in root.iter(f"{_DS}SignatureValue", f"{_DS}DigestValue")):
        return "broken"
    verdict = "unpinned"
    for certificate in certificates:
        try:
            result = XMLVerifier().verify(root, x509_cert=certificate, expect_references=1)
        except InvalidDigest:
            return "broken"
        except (InvalidSignature, InvalidInput):
            continue
        signed = result.signed_xml if isinstance(result, VerifyResult) else None
        if signed is not None and etree.QName(signed).localname == "alert":
            return "valid"
        verdict = "broken"
    return verdict


def _covers_all(root: etree._Element) -> bool:
    """Whether the one signature stands directly in the alert that is the whole document, and signs all of it.

    Anything else may sign another alert than the one we read (signature wrapping).
    """
    signatures = list(root.iter(f"{_DS}Signature"))
    references = list(root.iter(f"{_DS}Reference"))
    return (
        etree.QName(root).localname == "alert"
        and len(signatures) == len(references) == 1
        and signatures[0].getparent() is root
        and references[0].get("URI") == ""
    )


def _is_canonical(text: str) -> bool:
    compact = "".join(text.split())
    try:
        return (
            bool(_CANONICAL_BASE64.fullmatch(compact))
            and base64.b64encode(base64.b64decode(compact)).decode() == compact
        )
    except binascii.Error:
        return False
