"""One spelling for every way to write a character, so that the vocabulary needs only one."""

import unicodedata
from functools import lru_cache

# Traditional characters of the words people describe others with; the rest of the script stays as it is written.
_TRADITIONAL = str.maketrans(
    "紅藍綠黃褲褂襯頭髮婦車電動時點鐘週號門東區園樓長裝雙個條頂開騎戴後過間這從來幾兩無沒帶穿歲眼鏡傘裡邊"
    "連襖絨風釦領帽襪靴繡紋顏淺濃純銀橘櫻鵝駝鑽亂雜軟緊寬鬆錶圍絲揹書購塑膠箱輪託嬰兒童孩學爺奶媽爸歐嘴"
    "鬍鬚禿馬辮鬢臉罩墨灰體瘦壯矮輛貨麵廂計程轎摩腳踏貓遛狗機話讓還應該現離們間內為與並沒視見進動遠運對經"
    "歷禮拜號晝夜凌晨點剛纔當週末個鄰橋鎮鄉縣廣場館廳亭廠醫單棟層梯庫邨弄嶺灣蘇滬遼貴雲陝甘寧瓊龍嘯顧尋"
    "找請幫誰聽說認識關衛種農員記處圖樣線際類員護養歸變問題業樹術術權條師傅僱傭殘疾啞聾維吾爾漢滿蒙藏壯歲幹",
    "红蓝绿黄裤褂衬头发妇车电动时点钟周号门东区园楼长装双个条顶开骑戴后过间这从来几两无没带穿岁眼镜伞里边"
    "连袄绒风扣领帽袜靴绣纹颜浅浓纯银橘樱鹅驼钻乱杂软紧宽松表围丝背书购塑胶箱轮托婴儿童孩学爷奶妈爸欧嘴"
    "胡须秃马辫鬓脸罩墨灰体瘦壮矮辆货面厢计程轿摩脚踏猫遛狗机话让还应该现离们间内为与并没视见进动远运对经"
    "历礼拜号昼夜凌晨点刚才当周末个邻桥镇乡县广场馆厅亭厂医单栋层梯库村弄岭湾苏沪辽贵云陕甘宁琼龙啸顾寻"
    "找请帮谁听说认识关卫种农员记处图样线际类员护养归变问题业树术术权条师傅雇佣残疾哑聋维吾尔汉满蒙藏壮岁干",
)


@lru_cache(maxsize=65536)
def normalised(text: str) -> str:
    """Return the text with wide letters narrow, capitals small and traditional characters simple; of equal length."""
    return "".join(map(_one, text)).translate(_TRADITIONAL)


def _one(character: str) -> str:
    narrow = unicodedata.normalize("NFKC", character)
    if len(narrow) != 1:
        return character
    small = narrow.lower()
    return small if len(small) == 1 else narrow
