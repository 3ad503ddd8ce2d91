"""The offer of free language help, in the languages most spoken beside English (45 CFR 92.11).

A qualified translator has to check each entry, and a center adds the languages of its own state, before it goes public.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Offer:
    """`lang` is the language's BCP 47 code, `name` what its speakers call it; the telephone number follows `text`."""

    lang: str
    name: str
    english: str
    text: str
    is_rtl: bool = False


OFFERS = (
    Offer(
        "es",
        "Español",
        "Spanish",
        "Si habla español, le ofrecemos gratis ayuda con el idioma, por ejemplo un intérprete. También son gratis la "
        "letra grande y otros formatos accesibles. Pregunte en el centro o llame al:",
    ),
    Offer(
        "zh-Hans",
        "简体中文",
        "Chinese, simplified",
        "如果您说中文，我们免费为您提供语言帮助，例如口译员。大字版和其他无障碍格式也免费。请向中心询问或致电：",
    ),
    Offer(
        "zh-Hant",
        "繁體中文",
        "Chinese, traditional",
        "如果您說中文，我們免費為您提供語言協助，例如口譯員。大字版和其他無障礙格式也免費。請向中心詢問或致電：",
    ),
    Offer(
        "vi",
        "Tiếng Việt",
        "Vietnamese",
        "Nếu quý vị nói tiếng Việt, chúng tôi hỗ trợ ngôn ngữ miễn phí, chẳng hạn như thông dịch viên. Bản chữ lớn và "
        "các định dạng dễ tiếp cận khác cũng miễn phí. Hãy hỏi tại trung tâm hoặc gọi số:",
    ),
    Offer(
        "ko",
        "한국어",
        "Korean",
        "한국어를 사용하시는 분께 통역사 등 언어 지원을 무료로 제공합니다. 큰 글자 자료와 그 밖의 접근 가능한 형식도 "
        "무료입니다. 센터에 문의하시거나 다음 번호로 전화해 주십시오:",
    ),
    Offer(
        "tl",
        "Tagalog",
        "Tagalog",
        "Kung nagsasalita kayo ng Tagalog, may libreng tulong sa wika para sa inyo, gaya ng interpreter. Libre rin ang "
        "malalaking titik at iba pang madaling gamiting anyo. Magtanong sa center o tumawag sa:",
    ),
    Offer(
        "ru",
        "Русский",
        "Russian",
        "Если вы говорите по-русски, мы бесплатно предоставим языковую помощь, например переводчика. Крупный шрифт и "
        "другие доступные форматы тоже бесплатны. Спросите в центре или позвоните:",
    ),
    Offer(
        "ar",
        "العربية",
        "Arabic",
        "إذا كنت تتحدث العربية، فنحن نقدم لك مساعدة لغوية مجانية، مثل مترجم فوري. الطباعة بأحرف كبيرة والصيغ الميسّرة "
        "الأخرى مجانية أيضًا. اسأل في المركز أو اتصل بالرقم:",
        is_rtl=True,
    ),
    Offer(
        "fr",
        "Français",
        "French",
        "Si vous parlez français, nous vous offrons gratuitement une aide linguistique, par exemple un interprète. Les "
        "gros caractères et les autres formats accessibles sont gratuits aussi. Demandez au center ou appelez le :",
    ),
    Offer(
        "ht",
        "Kreyòl ayisyen",
        "Haitian Creole",
        "Si ou pale kreyòl ayisyen, nou ba ou èd gratis nan lang ou, pa egzanp yon entèprèt. Gwo lèt ak lòt fòma ki "
        "aksesib gratis tou. Mande nan sant lan oswa rele:",
    ),
    Offer(
        "pt",
        "Português",
        "Portuguese",
        "Se você fala português, oferecemos ajuda gratuita com o idioma, por exemplo um intérprete. Letras grandes e "
        "outros formatos acessíveis também são gratuitos. Pergunte no centro ou ligue para:",
    ),
    Offer(
        "it",
        "Italiano",
        "Italian",
        "Se parla italiano, offriamo gratuitamente assistenza linguistica, per esempio un interprete. Sono gratuiti "
        "anche i caratteri grandi e gli altri formati accessibili. Chieda al centro o chiami il numero:",
    ),
    Offer(
        "de",
        "Deutsch",
        "German",
        "Wenn Sie Deutsch sprechen, bieten wir Ihnen kostenlose Sprachhilfe an, zum Beispiel Dolmetscher. Auch große "
        "Schrift und andere barrierefreie Formate sind kostenlos. Fragen Sie im Zentrum oder rufen Sie an:",
    ),
    Offer(
        "pl",
        "Polski",
        "Polish",
        "Jeśli mówi Pan/Pani po polsku, oferujemy bezpłatną pomoc językową, na przykład tłumacza. Duży druk i inne "
        "dostępne formaty są również bezpłatne. Prosimy zapytać w ośrodku lub zadzwonić pod numer:",
    ),
    Offer(
        "ja",
        "日本語",
        "Japanese",
        "日本語を話される方には、通訳などの言語支援を無料で提供しています。大きな文字の資料やその他の利用しやすい"
        "形式も無料です。センターにお尋ねになるか、次の番号にお電話ください：",
    ),
    Offer(
        "hi",
        "हिन्दी",
        "Hindi",
        "यदि आप हिन्दी बोलते हैं, तो हम आपको भाषा में मुफ़्त सहायता देते हैं, जैसे दुभाषिया। बड़े अक्षर और अन्य सुलभ "
        "प्रारूप भी मुफ़्त हैं। केंद्र में पूछें या इस नंबर पर कॉल करें:",
    ),
    Offer(
        "bn",
        "বাংলা",
        "Bengali",
        "আপনি বাংলা বললে আমরা বিনামূল্যে ভাষা সহায়তা দিই, যেমন একজন দোভাষী। বড় অক্ষর ও অন্যান্য সহজে ব্যবহারযোগ্য "
        "ফরম্যাটও বিনামূল্যে। কেন্দ্রে জিজ্ঞাসা করুন বা ফোন করুন:",
    ),
    Offer(
        "ur",
        "اردو",
        "Urdu",
        "اگر آپ اردو بولتے ہیں تو ہم آپ کو زبان کی مفت مدد دیتے ہیں، مثلاً ایک ترجمان۔ بڑے حروف اور دیگر قابلِ رسائی "
        "شکلیں بھی مفت ہیں۔ مرکز میں پوچھیں یا اس نمبر پر فون کریں:",
        is_rtl=True,
    ),
    Offer(
        "fa",
        "فارسی",
        "Persian",
        "اگر به فارسی صحبت می‌کنید، ما کمک زبانی رایگان، مانند مترجم شفاهی، در اختیار شما می‌گذاریم. حروف درشت و دیگر "
        "قالب‌های دسترس‌پذیر نیز رایگان است. در مرکز بپرسید یا با این شماره تماس بگیرید:",
        is_rtl=True,
    ),
)
