"""Alerts of a bad night in Đồng Nai, written by us as CAP 1.2: legal levels as bulletins give them, and what has none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class Told:
    """One alert. `units` are GSO codes, `circle` is "lat,lon km", `risk` the legal level or 0, times are minutes from now."""

    identifier: str
    headline: str
    event: str = "Lũ"
    category: str = "Met"
    severity: str = "Severe"
    urgency: str = "Expected"
    certainty: str = "Likely"
    risk: int = 0
    area: str = "Tỉnh Đồng Nai"
    units: tuple[str, ...] = ()
    circle: str = ""
    description: str = ""
    instruction: str = ""
    sender: str = "kttv@example.test"
    msg_type: str = "Alert"
    references: str = ""
    sent_min: float = -2
    ends_min: float = 360
    parameters: tuple[tuple[str, str], ...] = field(default=())

    @property
    def sent(self) -> str:
        """Whole seconds, with the offset of Viet Nam."""
        return _moment(self.sent_min)

    def reference(self, sent: str) -> str:
        """How a later message names this one, sent at `sent`."""
        return f"{self.sender},{self.identifier},{sent}"

    def cap(self, *, status: str = "Test", sent: str = "") -> bytes:
        """The alert as XML."""
        parameters = [*self.parameters, *([("VN:capDoRuiRo", str(self.risk))] if self.risk else [])]
        told = "".join(_pair("parameter", name, value) for name, value in parameters)
        codes = "".join(_pair("geocode", "VN:GSO", code) for code in self.units)
        circle = f"<circle>{self.circle}</circle>" if self.circle else ""
        references = f"<references>{self.references}</references>" if self.references else ""
        texts = "".join(
            f"<{name}>{escape(text)}</{name}>"
            for name, text in (
                ("headline", self.headline),
                ("description", self.description),
                ("instruction", self.instruction),
            )
            if text
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
            f"<identifier>{self.identifier}</identifier><sender>{self.sender}</sender><sent>{sent or self.sent}</sent>"
            f"<status>{status}</status><msgType>{self.msg_type}</msgType><scope>Public</scope>{references}"
            f"<info><language>vi-VN</language><category>{self.category}</category><event>{escape(self.event)}</event>"
            f"<urgency>{self.urgency}</urgency><severity>{self.severity}</severity><certainty>{self.certainty}</certainty>"
            f"<expires>{_moment(self.ends_min)}</expires>{texts}{told}"
            f"<area><areaDesc>{escape(self.area)}</areaDesc>{circle}{codes}</area></info></alert>"
        ).encode()


def _pair(kind: str, name: str, value: str) -> str:
    return f"<{kind}><valueName>{name}</valueName><value>{escape(value)}</value></{kind}>"


def _moment(minutes: float) -> str:
    at = datetime.now(UTC).astimezone(VIETNAM) + timedelta(minutes=minutes)
    return at.replace(microsecond=0).isoformat()


FLOOD = Told(
    "lu-dong-nai-4", "Lũ trên sông Đồng Nai tại Tà Lài vượt báo động 3", risk=3, area="Huyện Tân Phú, Huyện Định Quán, Huyện Vĩnh Cửu",
    units=("734", "736", "735"), sent_min=-12, ends_min=720,
    description="Mực nước tại trạm Tà Lài lúc 13 giờ là 113,42 m, trên báo động 3 là 0,42 m và còn lên.\nNguy cơ ngập sâu vùng trũng thấp ven sông; sạt lở bờ sông.",
    instruction="Di dời dân khỏi vùng trũng thấp ven sông.\nKhông đi qua ngầm, tràn đang ngập.\nTheo dõi bản tin tiếp theo lúc 16 giờ.",
)  # fmt: skip
STORM = Told("bao-so-12", "Bão số 12 đi vào vùng biển Bình Thuận – Bà Rịa, gió mạnh cấp 10", event="Bão", severity="Extreme", risk=4, area="Huyện Xuân Lộc, Huyện Cẩm Mỹ, Thành phố Long Khánh", units=("741", "739", "732"), sent_min=-40, ends_min=1500, description="Hồi 10 giờ, tâm bão ở khoảng 10,4 độ Vĩ Bắc; 109,1 độ Kinh Đông.", instruction="Chằng chống nhà cửa; không ra khỏi nhà khi bão đổ bộ.")  # fmt: skip
RAIN = Told("mua-lon-2", "Mưa lớn diện rộng, có nơi trên 150 mm", event="Mưa lớn", severity="Moderate", risk=2, area="Huyện Trảng Bom, Huyện Thống Nhất", units=("737", "738"), sent_min=-90, ends_min=500)  # fmt: skip
STORMLET = Told("dong-loc-7", "Dông, lốc, sét tại Biên Hòa trong 3 giờ tới", event="Dông", severity="Minor", risk=1, area="Thành phố Biên Hòa", units=("731",), sent_min=-20, ends_min=170)  # fmt: skip
DAM = Told("xa-lu-tri-an-1", "Hồ Trị An tăng lưu lượng xả qua tràn lên 1.200 m³/s", event="Xả lũ", category="Infra", severity="Severe", urgency="Immediate", area="Huyện Vĩnh Cửu, Thành phố Biên Hòa", units=("735",), sent_min=-5, ends_min=600, sender="ho-tri-an@example.test", instruction="Người và phương tiện rời khỏi lòng sông phía hạ lưu trước 15 giờ.")  # fmt: skip
QUAKE = Told("dd-2026-1124", "Động đất M 4,6 ngoài khơi Vũng Tàu", event="Động đất", category="Geo", severity="Moderate", urgency="Unknown", certainty="Observed", area="Ngoài khơi Vũng Tàu", circle="10.15,107.35 0", sent_min=-8, ends_min=1200, sender="emsc@example.test", parameters=(("magnitude", "5.1"), ("magnitudeType", "Mw"), ("depthKm", "12")))  # fmt: skip
NIGHT = (STORM, RAIN, STORMLET, DAM, QUAKE, FLOOD)
