/* pay.js: the sandbox's payment page at /portmone/pay/<bill>, in the language of the bill. */
import { get, post } from "./api.js";
import { byId } from "./dom.js";

const BAD_CARD = "4111111111111111";
const ASK_MS = 3000; /* the bill may be paid in another tab */

const WORDS = {
	uk: {
		locale: "uk-UA",
		title: "Оплата",
		sandbox: "пісочниця",
		test: "Це тестова оплата: гроші не списуються.",
		to_pay: "До сплати",
		payee: "Отримувач",
		description: "Призначення",
		order: "Замовлення",
		left: "Рахунок дійсний ще",
		cards: "Тестова картка",
		card_good: "Оплата пройде",
		card_bad: "Банк відмовить",
		number: "Номер картки",
		expiry: "Діє до",
		pay: (sum) => `Сплатити ${sum}`,
		decline: "Відхилити",
		close: "Закрити сторінку",
		rejected: "Банк відхилив оплату. Гроші не списано, можна спробувати ще раз.",
		paid: "Оплачено",
		paid_text: "Дякуємо! Поверніться до магазину, щоб завершити.",
		back: "Повернутися до магазину",
		expired: "Час на оплату вийшов",
		expired_text: "Гроші не списано. Оформіть замовлення ще раз.",
		closed: "Сторінку закрито",
		closed_text:
			"Оплати не було, магазин про це не знає. Цю вкладку можна закрити.",
		again: "Повернутися до оплати",
		gone: "Рахунок не знайдено",
		gone_text: "Перевірте посилання або поверніться до магазину.",
		no_return: "Оплата пройшла, але браузер до магазину не повертається. Цю вкладку можна закрити.",
		returning: "Повертаємось до магазину…",
		failed: "Portmone не відповідає. Спробуйте ще раз за хвилину.",
		number_bad: "Номер картки — 16 цифр.",
		small: "Пісочниця Kartka. Справжня сторінка Portmone виглядає інакше.",
	},
	en: {
		locale: "en-GB",
		title: "Payment",
		sandbox: "sandbox",
		test: "This is a test payment: no money is taken.",
		to_pay: "To pay",
		payee: "Payee",
		description: "For",
		order: "Order",
		left: "The bill is valid for",
		cards: "Test card",
		card_good: "Will be paid",
		card_bad: "Bank refuses",
		number: "Card number",
		expiry: "Valid thru",
		pay: (sum) => `Pay ${sum}`,
		decline: "Decline",
		close: "Close the page",
		rejected: "The bank declined the payment. No money was taken; you can try again.",
		paid: "Paid",
		paid_text: "Thank you! Return to the shop to finish.",
		back: "Return to the shop",
		expired: "Time to pay is over",
		expired_text: "No money was taken. Please order again.",
		closed: "Page closed",
		closed_text:
			"Nothing was paid, and the shop hasn’t been told. You can close this tab.",
		again: "Back to the payment",
		gone: "No such bill",
		gone_text: "Check the link or return to the shop.",
		no_return: "The payment went through, but the browser does not return to the shop. You can close this tab.",
		returning: "Returning to the shop…",
		failed: "Portmone doesn’t answer. Try again in a minute.",
		number_bad: "A card number has 16 digits.",
		small: "Kartka’s sandbox. The real Portmone page looks different.",
	},
	ru: {
		locale: "ru-RU",
		title: "Оплата",
		sandbox: "песочница",
		test: "Это тестовая оплата: деньги не списываются.",
		to_pay: "К оплате",
		payee: "Получатель",
		description: "Назначение",
		order: "Заказ",
		left: "Счёт действителен ещё",
		cards: "Тестовая карта",
		card_good: "Оплата пройдёт",
		card_bad: "Банк откажет",
		number: "Номер карты",
		expiry: "Действует до",
		pay: (sum) => `Оплатить ${sum}`,
		decline: "Отклонить",
		close: "Закрыть страницу",
		rejected: "Банк отклонил оплату. Деньги не списаны, можно попробовать ещё раз.",
		paid: "Оплачено",
		paid_text: "Спасибо! Вернитесь в магазин, чтобы завершить.",
		back: "Вернуться в магазин",
		expired: "Время на оплату вышло",
		expired_text: "Деньги не списаны. Оформите заказ ещё раз.",
		closed: "Страница закрыта",
		closed_text:
			"Оплаты не было, магазин об этом не знает. Эту вкладку можно закрыть.",
		again: "Вернуться к оплате",
		gone: "Счёт не найден",
		gone_text: "Проверьте ссылку или вернитесь в магазин.",
		no_return: "Оплата прошла, но браузер в магазин не возвращается. Эту вкладку можно закрыть.",
		returning: "Возвращаемся в магазин…",
		failed: "Portmone не отвечает. Попробуйте ещё раз через минуту.",
		number_bad: "Номер карты — 16 цифр.",
		small: "Песочница Kartka. Настоящая страница Portmone выглядит иначе.",
	},
};

const path = `/api/bills/${encodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "")}`;
const page = document.querySelector("main");
const form = byId("form");

let words = WORDS.uk;
let bill = null;
let skew = 0; /* the sandbox's clock minus this browser's, seconds */
let left = false; /* the buyer has gone back to the shop, or closed the page */

/* ---- words and sums ---- */

function languageSet(lang) {
	const known = WORDS[lang] ? lang : "uk";
	words = WORDS[known];
	document.documentElement.lang = known;
	document.title = `${words.title} · TEST`;
	for (const node of document.querySelectorAll("[data-w]"))
		node.textContent = words[node.dataset.w];
}

/* As the shop writes sums: 249,90 ₴, and without kopiykas when there are none; ₴249.90 in English. */
function sum(amount) {
	const [whole, part = ""] = String(amount).split(".");
	const grouped = whole.replace(
		/\B(?=(\d{3})+$)/g,
		words.locale === "en-GB" ? "," : "\u00a0",
	);
	const cents = part.padEnd(2, "0").slice(0, 2);
	const number =
		cents === "00"
			? grouped
			: `${grouped}${words.locale === "en-GB" ? "." : ","}${cents}`;
	return words.locale === "en-GB" ? `₴${number}` : `${number}\u00a0₴`;
}

function countdownShow() {
	const seconds = Math.floor((bill?.expires_at ?? 0) - Date.now() / 1000 - skew);
	const shown = Boolean(bill?.expires_at) && page.dataset.state === "open";
	byId("left").hidden = !shown;
	if (!shown) return;
	if (seconds <= 0) {
		stateShow("expired");
		return;
	}
	const two = (n) => String(n).padStart(2, "0");
	const hours = Math.floor(seconds / 3600);
	byId("countdown").textContent =
		`${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
	byId("left").classList.toggle("soon", seconds < 60);
}

/* ---- states ---- */

/* What ends the page, by state: its words, mark and way on. */
const ENDS = {
	paid: {
		title: "paid",
		text: "paid_text",
		mark: "check",
		link: "back",
		href: () => bill.successUrl,
	},
	alone: { title: "paid", text: "no_return", mark: "check" },
	returning: { title: "returning", text: null, mark: "clock" },
	expired: {
		title: "expired",
		text: "expired_text",
		mark: "clock",
		link: "back",
		href: () => bill.failureUrl,
	},
	closed: {
		title: "closed",
		text: "closed_text",
		mark: "cross",
		link: "again",
		href: () => location.href,
	},
	gone: { title: "gone", text: "gone_text", mark: "warn" },
};

function stateShow(state) {
	if (page.dataset.state === state) return;
	page.dataset.state = state;
	form.hidden = state !== "open";
	byId("end").hidden = state === "open";
	byId("left").hidden = state !== "open";
	const end = ENDS[state];
	if (!end) return;
	if (end.title === "paid") byId("amount-label").textContent = words.paid;
	byId("end-title").textContent = words[end.title];
	byId("end-text").textContent = end.text ? words[end.text] : "";
	byId("end").querySelector("use").setAttribute("href", `#i-${end.mark}`);
	const href = end.href?.();
	byId("end-link").hidden = !href;
	byId("end-link").textContent = end.link ? words[end.link] : "";
	if (href) byId("end-link").href = href;
}

function billShow(answer) {
	bill = answer;
	skew = (answer.now ?? Date.now() / 1000) - Date.now() / 1000;
	languageSet(answer.lang);
	byId("amount").textContent = sum(answer.amount);
	byId("payee").textContent = answer.payee ?? "";
	byId("description").textContent = answer.description ?? "";
	byId("order").textContent = answer.order ?? "";
	byId("pay").textContent = words.pay(sum(answer.amount));
	byId("rejected").hidden = answer.status !== "rejected";
	stateShow({ paid: "paid", expired: "expired" }[answer.status] ?? "open");
	countdownShow();
}

async function billAsk() {
	if (left || document.hidden) return;
	try {
		const answer = await get(path);
		if (!left && answer.status !== bill?.status) billShow(answer);
	} catch (error) {
		if (error.status === 404) stateShow("gone");
	}
}

/* ---- what the buyer does ---- */

/* The form the real page sends the buyer's browser back with. */
function goBack({ url, method, fields }) {
	const back = document.createElement("form");
	back.method = method ?? "POST";
	back.action = url;
	back.acceptCharset = "UTF-8";
	for (const [name, value] of Object.entries(fields ?? {})) {
		const field = document.createElement("input");
		field.type = "hidden";
		field.name = name;
		field.value = value;
		back.append(field);
	}
	document.body.append(back);
	/* The prototype's: a field may be called "submit". */
	HTMLFormElement.prototype.submit.call(back);
}

function errorShow(text) {
	byId("error").textContent = text;
	byId("error").hidden = !text;
}

async function act(name, body, without) {
	errorShow("");
	for (const button of form.querySelectorAll("button")) button.disabled = true;
	try {
		const answer = await post(`${path}/${name}`, body);
		left = true;
		stateShow(answer.return ? "returning" : without);
		if (answer.return) goBack(answer.return);
		else if (without === "open") {
			left = false;
			await billAsk();
		}
	} catch (error) {
		left = false;
		errorShow(error.status ? error.message : words.failed);
		bill = { ...bill, status: null };
		await billAsk();
	} finally {
		for (const button of form.querySelectorAll("button")) button.disabled = false;
	}
}

const spaced = (digits) => digits.replace(/(\d{4})(?=\d)/g, "$1 ");

form.addEventListener("submit", (event) => {
	event.preventDefault();
	const card = byId("number").value.replace(/\D/g, "");
	if (card.length !== 16) {
		errorShow(words.number_bad);
		byId("number").focus();
	} else if (card === BAD_CARD) {
		act("decline", { card }, "open");
	} else {
		act("pay", { card }, "alone");
	}
});
form.addEventListener("change", (event) => {
	if (event.target.name === "card") byId("number").value = spaced(event.target.value);
});
byId("decline").addEventListener("click", () => act("decline", {}, "open"));
byId("close").addEventListener("click", () => act("close", {}, "closed"));

/* Back from the shop by the browser's button: the page may be an old picture of itself. */
addEventListener("pageshow", (event) => event.persisted && location.reload());
document.addEventListener("visibilitychange", billAsk);

languageSet(document.documentElement.lang);
byId("number").value = spaced(form.elements.card.value);
billAsk();
setInterval(countdownShow, 500);
setInterval(billAsk, ASK_MS);
