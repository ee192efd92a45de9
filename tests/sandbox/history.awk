# history.awk: a month of a shop that went well, made up: what its buyers ordered, paid and
# complained of.  The same every time but for the dates, which end now.
#
#	awk -v now=UNIX_TIME -v zone=SECONDS -v out=FOLDER -f history.awk catalog.json CODES…
#
# Writes out/shop.sql for the shop's database, out/history.sql for the sandbox's, which so knows
# the people and their payments too, and out/VALUE.codes with the codes that were sold.
# CODES are the files of those that are left: none is made twice, and each value's look alike.
# Times in shop.sql are seconds before @now.

BEGIN {
	srand(20261124)
	DAYS = 30
	MINUTE = 60; HOUR = 3600; DAY = 86400
	SYMBOLS = "23456789ABCDEFGHJKMNPQRSTVWXYZ" # of order numbers and of codes with letters
	# Of a hundred orders an hour: the evening is the shop's time.
	split("2 1 0 0 0 1 2 4 6 7 8 9 10 9 8 8 9 11 14 16 17 15 10 5", of_hour, " ")
	# Monday first; people buy games and gifts at the end of the week.
	split("0.8 0.85 0.9 0.95 1.2 1.35 1.2", of_weekday, " ")
	split("Олена Андрій Наталія Сергій Ірина Олександр Тетяна Дмитро Юлія Віталій Марія Богдан " \
	      "Катерина Максим Оксана Тарас Анастасія Роман Софія Ярослав Вікторія Назар Галина " \
	      "Остап Людмила Павло Дарина Ігор Христина Микола Соломія Володимир Аліна Артем " \
	      "Валентина Євген Злата Михайло Надія Данило", first_names, " ")
	split("Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Шевчук Поліщук Бойко " \
	      "Ткачук Марченко Савченко Руденко Петренко Мельник Клименко Павленко Кравчук " \
	      "Кузьменко Іваненко Пономаренко Романюк Гнатюк Левченко Харченко Мартинюк Литвин " \
	      "Гончар Мороз Сидоренко Даниленко Ковальчук Приходько Бабенко Зінченко", \
	      last_names, " ")
	split("olena andrii nata serg ira alex tania dima yulia vitalii maria bohdan katia max oksana " \
	      "taras nastia roman sofia yarik vika nazar halyna ostap luda pavlo daryna ihor khrystia " \
	      "mykola solomia vova alina artem valia zhenia zlata misha nadia danylo", nicks, " ")
	# How often each is bought; others 2.
	weight["kyivstar-100"] = 16; weight["kyivstar-200"] = 9; weight["kyivstar-500"] = 3
	weight["vodafone-100"] = 12; weight["vodafone-150"] = 7; weight["vodafone-300"] = 3
	weight["lifecell-100"] = 8; weight["lifecell-250"] = 4; weight["lifecell-500"] = 2
	weight["steam-5"] = 9; weight["steam-10"] = 6; weight["steam-20"] = 3
	weight["playstation-10"] = 3; weight["rozetka-500"] = 5; weight["silpo-500"] = 5
	weight["atb-300"] = 6; weight["okko-500"] = 4; weight["wog-500"] = 3
}

# ---- what is sold ----

FILENAME ~ /\.json$/ && /"slug":/ { split($0, part, "\""); slug = part[4] }
FILENAME ~ /\.json$/ && /"price":/ {
	split($0, part, "\"")
	values[++value_count] = slug
	price[slug] = int(part[4] * 100 + 0.5)
}
FILENAME ~ /\.txt$/ {
	file = FILENAME
	sub(/.*\//, "", file)
	sub(/\.txt$/, "", file)
	if (!(file in looks))
		looks[file] = $0
	taken[$0] = 1
}

# ---- chance ----

function among(n) { return int(rand() * n) }
function between(a, b) { return a + rand() * (b - a) }

# A code that looks like the value's others; its first digits tell it from a real one.
function code_new(value,    look, i, c, code, digit) {
	look = value in looks ? looks[value] : "0000-1234-5678"
	do {
		code = ""
		digit = 0
		for (i = 1; i <= length(look); i++) {
			c = substr(look, i, 1)
			if (c ~ /[0-9]/)
				c = ++digit <= 4 && look ~ /0000/ ? 0 : among(10)
			else if (c ~ /[A-Z]/ && i > index(look, "-") && look !~ /0000/ && \
				 substr(look, 1, i) !~ /DEMO?$|DE?$/)
				c = substr(SYMBOLS, 1 + among(length(SYMBOLS)), 1)
			code = code c
		}
	} while (code in taken)
	taken[code] = 1
	return code
}

function number_new(    i, n) {
	do {
		n = ""
		for (i = 0; i < 8; i++)
			n = n (i == 4 ? "-" : "") substr(SYMBOLS, 1 + among(length(SYMBOLS)), 1)
	} while (n in numbers)
	numbers[n] = 1
	return n
}

function value_pick(    i, sum, at) {
	for (i = 1; i <= value_count; i++)
		sum += values[i] in weight ? weight[values[i]] : 2
	at = rand() * sum
	for (i = 1; i < value_count; i++)
		if ((at -= values[i] in weight ? weight[values[i]] : 2) < 0)
			break
	return values[i]
}

# Some come again and again, most once or twice; the shop's circle grows through the month.
function buyer_pick(elapsed,    known) {
	known = 24 + int(elapsed * 116)
	return rand() < 0.55 ? int(known * rand() ^ 3) : int(known * rand())
}

# ---- what is written ----

function quoted(text) { gsub(/'/, "''", text); return "'" text "'" }

function row(list, text) {
	rows[list] = rows[list] (count[list]++ ? ",\n" : "") "(" text ")"
}

# Seconds before now, as shop.sql has them; NULL for what did not happen.
function ago(at) { return at == "" ? "NULL" : sprintf("%.3f", now - at) }

function buyer_write(n, at,    id, name, surname, nick, lang) {
	if (n in buyer)
		return buyer[n]
	buyer[n] = id = 412000000 + n * 3571 + among(3000)
	name = 1 + among(40)
	surname = rand() < 0.7 ? last_names[1 + among(35)] : ""
	nick = rand() < 0.5 ? nicks[name] "_" (100 + among(900)) : ""
	lang = rand() < 0.88 ? "uk" : rand() < 0.5 ? "ru" : "en"
	lang_of[id] = lang
	name = first_names[name]
	row("users", id ", " quoted(name) ", " quoted(surname) ", " quoted(nick) ", '" lang "', " \
	    ago(at - between(40, 600)))
	row("people", id ", " quoted(name) ", " (surname == "" ? "NULL" : quoted(surname)) ", " \
	    (nick == "" ? "NULL" : quoted(nick)) ", '" lang "', 1, 1")
	return id
}

# What was paid is in Portmone's books too; the payment's id.
function paid_write(number, kopiykas, at,    bill) {
	bill = sprintf("%016x%08x", 1000000 * rand() * 1000000, 1000000 * rand())
	row("bills", "'" bill "', '" number "', " kopiykas ", 'Kartka', 'uk', '', '', '', '{}', " \
	    "'paid', " sprintf("%.3f", at - 30))
	row("books", ++payment ", '" bill "', '" number "', 'PAYED', " kopiykas ", " \
	    sprintf("%.3f", at) ", '" sprintf("%06d", among(1000000)) "', '" \
	    (rand() < 0.5 ? "4441" : "5375") "**" sprintf("****%04d", among(10000)) "', NULL")
	row("payments", payment ", '" number "', 'payment', " kopiykas ", 1, 'ok', '', " ago(at))
	return payment
}

function order_write(at, value, id, quantity, state, paid, ended,    number) {
	number = number_new()
	row("orders", "'" number "', " id ", '" value "', " quantity ", '" state "', '" \
	    lang_of[id] "', " ago(at) ", " ago(paid) ", " \
	    ago(state == "delivered" || state == "refunded" ? paid + 0.4 : "") ", " ago(ended))
	return number
}

function message_write(number, kind, at) {
	row("messages", "'" number "', '" kind "', " ago(at) ", " ago(at + between(0.3, 1.5)) ", " \
	    (++message))
}

function codes_write(number, value, quantity, at,    slot) {
	for (slot = 1; slot <= quantity; slot++) {
		print code_new(value) > (out "/" value ".codes")
		row("sales", "'" value "', " (++sold[value]) ", '" number "', " slot ", " ago(at))
	}
}

# ---- one order ----

function refund_write(number, kopiykas, of, back) {
	row("books", ++payment ", (SELECT bill FROM rows WHERE id = " of "), '" number \
	    "', 'RETURN', " (-kopiykas) ", " sprintf("%.3f", back) ", NULL, NULL, " of)
	row("payments", payment ", '" number "', 'return', " kopiykas ", 0, 'ok', '', " ago(back))
	row("refunds", "'" number "', " of ", " payment ", " kopiykas ", " ago(back - 40) ", " \
	    ago(back))
	message_write(number, "refunded", back)
}

function order_make(at, elapsed,    value, id, quantity, number, paid, chance, of) {
	value = value_pick()
	id = buyer_write(buyer_pick(elapsed), at)
	quantity = rand() < 0.86 ? 1 : rand() < 0.7 ? 2 : 3
	chance = rand()
	paid = at + between(35, 400)
	if (chance < 0.74 && paid < now - 5) {
		number = order_write(at, value, id, quantity, \
			chance < 0.012 && at < now - 2 * DAY ? "refunded" : "delivered", paid, \
			chance < 0.012 && at < now - 2 * DAY ? paid + 9 * HOUR : "")
		of = paid_write(number, price[value] * quantity, paid)
		codes_write(number, value, quantity, paid + 0.4)
		message_write(number, "delivered", paid + 0.4)
		if (chance < 0.012 && at < now - 2 * DAY)
			refund_write(number, price[value] * quantity, of, paid + 9 * HOUR)
		else
			last_number[value] = number
	} else if (chance < 0.95 && at < now - 1000) {
		number = order_write(at, value, id, quantity, "expired", "", at + 902)
		message_write(number, "expired", at + 902)
		expired_at = at
		expired_number = number
		expired_total = price[value] * quantity
	} else if (at < now - 1000) {
		order_write(at, value, id, quantity, "cancelled", "", at + between(60, 500))
	}
}

# ---- the month ----

function month_make(    day, begins, hour, orders, i, j, weekday, at, n, at_list, key) {
	begins = now - (now + zone) % DAY
	for (day = -DAYS; day <= 0; day++) {
		weekday = (int((begins + day * DAY + zone) / DAY) + 3) % 7 + 1
		for (hour = 0; hour < 24; hour++) {
			orders = of_hour[hour + 1] / 172 * 19 * of_weekday[weekday] * \
				 (0.8 + 0.4 * (day + DAYS) / DAYS) + between(-0.5, 0.5)
			for (i = 0; i < int(orders + rand()); i++) {
				at = begins + day * DAY + (hour + rand()) * HOUR
				if (at < now - 60)
					at_list[++n] = at
			}
		}
	}
	# Codes and numbers are given in the order of time.
	for (i = 2; i <= n; i++) {
		key = at_list[i]
		for (j = i - 1; j > 0 && at_list[j] > key; j--)
			at_list[j + 1] = at_list[j]
		at_list[j + 1] = key
	}
	for (i = 1; i <= n; i++)
		order_make(at_list[i], (at_list[i] - at_list[1]) / (now - at_list[1]))
}

# What waits for a person just now.
function needs_make(    number, at, id, of) {
	for (at = now - 5 * HOUR; at < now; at += 3.5 * HOUR) {
		id = buyer_write(int(30 * rand()), at)
		number = order_write(at, "lifecell-500", id, 1, "paid", at + 90, "")
		paid_write(number, price["lifecell-500"], at + 90)
		message_write(number, "waiting", at + 90)
	}
	# Somebody paid ten hryvnias too little.
	row("payments", ++payment ", '" expired_number "', 'payment', " (expired_total - 1000) \
	    ", 0, 'review', 'short', " ago(expired_at + 700))
	row("bills", "'short', '" expired_number "', " (expired_total - 1000) ", 'Kartka', 'uk', " \
	    "'', '', '', '{}', 'paid', " sprintf("%.3f", expired_at))
	row("books", payment ", 'short', '" expired_number "', 'PAYED', " (expired_total - 1000) \
	    ", " sprintf("%.3f", expired_at + 700) ", '112233', '4441******7788', NULL")
	message_write(expired_number, "review", expired_at + 701)
}

function insert(file, into, columns, list) {
	if (count[list])
		printf "INSERT %s (%s) VALUES\n%s;\n", into, columns, rows[list] > file
}

END {
	payment = int(now) - 40 * DAY - 3
	month_make()
	needs_make()
	shop = out "/shop.sql"
	print "SET @complaint = '" last_number["steam-10"] "';" > shop
	insert(shop, "INTO h_users", "id, first_name, last_name, username, lang, made", "users")
	insert(shop, "INTO h_orders", "number, user_id, slug, quantity, state, lang, made, paid, " \
	       "delivered, ended", "orders")
	insert(shop, "INTO h_payments", "id, number, kind, kopiykas, applied, state, reason, at", \
	       "payments")
	insert(shop, "INTO h_refunds", "number, of, id, kopiykas, asked, done", "refunds")
	insert(shop, "INTO h_messages", "number, kind, made, sent, message_id", "messages")
	insert(shop, "INTO h_sales", "slug, n, number, slot, sold", "sales")
	books = out "/history.sql"
	insert(books, "OR IGNORE INTO users", "id, first_name, last_name, username, " \
	       "language_code, started, silent", "people")
	insert(books, "OR IGNORE INTO bills", "bill, shop_order, kopiykas, description, lang, success_url, " \
	       "failure_url, url, attributes, state, created_at", "bills")
	insert(books, "OR IGNORE INTO rows", "id, bill, shop_order, status, kopiykas, at, auth_code, card_mask, " \
	       "returns", "books")
}
