"""Texts whose tokens are worth comparing."""

TEXTS = {
    "clip": ["a photo of a cat", "the dog", "猫", "", "The CAT's   dog!", "cat " * 40],
    "chinese-clip": ["一张猫的照片", "一张狗的照片", "一张鸟的照片", "", "小猫，红色汽车！ photo CLs zzz", "猫" * 70],
}

ODD_TEXTS = [
    "",
    "   ",
    "a photo of a cat",
    "A Photo Of A CAT.",
    "it's they're we've I'd don't I'm you'll 'quoted'",
    "“curly” ‘quotes’ — dash … ellipsis",
    "一张猫的照片",
    "苹果和红色的汽车在下雨",
    "日本語のテキスト 한국어 텍스트",
    "emoji 😀🐶 👨‍👩‍👧 ✈️",
    "café naïve résumé ÀÉÎ",
    "cafe\u0301 nai\u0308ve",
    "ﬁne ﬂow Ⅷ ² ½ ǅ İstanbul",
    "Ｆｕｌｌｗｉｄｔｈ ＡＢＣ１２３",
    "iPhone15Pro 2024-03-05 3.14159 1,000,000",
    "new\nline\ttab\r\nreturn",
    "zero\u200bwidth nbsp\u00a0space ideographic\u3000space",
    "\u0000control\u0007 chars \ufffd",
    "<|startoftext|> spelled out <|endoftext|> here",
    "<html>&amp; &lt;b&gt; tags</html>",
    "user_name@example.com https://example.com/a?b=c&d=e#f",
    "!?.,;:()[]{}<>/\\|@#$%^&*_-+=~`\"'",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "a" * 400,
    "word " * 120,
    "猫" * 120,
    "🐱" * 60,
    "Привет мир, Ελληνικά, العربية, עברית, हिन्दी, ไทย",
    "𠮷野家",
    "x² + y² = z² ∑∫√∞≈≠",
]
