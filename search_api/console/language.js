// The language of the page: Chinese, English, or both side by side. Remembered; at first the one of the browser.

const STORED = "zhian-language";
const NAMES = { zh: "中文", en: "English", both: "中文 + English" };
const MARKS = { placeholder: "placeholder", label: "aria-label", alt: "alt" }; // what is no text of its own

const kept = localStorage.getItem(STORED);
const language = kept in NAMES ? kept : navigator.language.startsWith("zh") ? "zh" : "en";

// What is said in the language of the page; `between` stands between the two where both are shown.
export function t(chinese, english, between = " ") {
  if (language === "both") return `${chinese}${between}${english}`;
  return language === "zh" ? chinese : english;
}

// The page itself has each text twice, marked by `lang`; where no element can stand, as data-LANGUAGE-WHAT.
export function startLanguage(choice) {
  document.documentElement.dataset.language = language;
  document.documentElement.lang = language === "en" ? "en" : "zh-Hans";
  for (const element of document.querySelectorAll("[data-zh]")) element.textContent = t(element.dataset.zh, element.dataset.en);
  for (const [mark, attribute] of Object.entries(MARKS)) {
    for (const element of document.querySelectorAll(`[data-zh-${mark}]`)) {
      const [chinese, english] = ["zh", "en"].map((each) => element.getAttribute(`data-${each}-${mark}`));
      element.setAttribute(attribute, t(chinese, english, " · "));
    }
  }
  choice.append(...Object.entries(NAMES).map(([name, text]) => new Option(text, name)));
  choice.value = language;
  choice.addEventListener("change", () => {
    localStorage.setItem(STORED, choice.value);
    location.reload(); // every text is made anew
  });
}
