# SPDX-License-Identifier: GPL-2.0
# Puts a tool's options into its manual: awk -f man-options.awk TABLE NAME.1.scd
#
# TABLE is from options.sh. A line @--name@ becomes the head of that option, of the command that
# the section is called after; what it does is told by the lines below it, or if there are none,
# by the table. @OPTIONS@ becomes all of the section that have no line of their own. An option
# that is in neither, or not in the table, is an error.
function fail(why) {
	print "man-options: " FILENAME ": " why > "/dev/stderr"
	failed = 1
	exit 1
}

function escaped(text) {
	gsub(/[_*\\<>~]/, "\\\\&", text)
	return text
}

function told_value(value) {
	if (value ~ /^\[/)
		return "[=_" substr(value, 2, length(value) - 2) "_]"
	return value == "" ? "" : "=_" escaped(value) "_"
}

function head(i) {
	if (!i)
		fail($0 ": there is no such option")
	named[i] = 1
	return (letter[i] == "" ? "" : "*-" letter[i] "*, ") "*--" name[i] "*" told_value(value[i])
}

function told(i) {
	return "\t" toupper(substr(text[i], 1, 1)) escaped(substr(text[i], 2)) (text[i] ~ /\.$/ ? "" : ".")
}

# Each command has it: told once.
function common(i) {
	return command[i] != "" && name[i] == "usage"
}

function rest(   i) {
	for (i = 1; i <= n; i++) {
		if (command[i] != section || named[i] || common(i))
			continue
		if (name[i] != "")
			print head(i) "\n" told(i) "\n"
		else if (section == "" && text[i] != "")
			print "## " substr(text[i], 1, length(text[i]) - 1) "\n"
	}
}

BEGIN { FS = "\t" }

NR == FNR {
	command[++n] = $1; letter[n] = $2; name[n] = $3; value[n] = $4; text[n] = $6
	commands[$1] = 1
	if ($3 != "")
		number[$1, $3] = n
	next
}

pending && !/^\t/ { print told(pending) }
{ pending = 0 }
/^#/ { section = substr($0, 1, 3) == "## " && substr($0, 4) in commands ? substr($0, 4) : "" }
/^@--[a-z-]+@$/ {
	pending = number[section, substr($0, 4, length($0) - 4)]
	print head(pending)
	next
}
/^@OPTIONS@$/ { rest(); next }
{ print }

END {
	for (i = 1; i <= n && !failed; i++)
		if (name[i] != "" && !named[i] && !common(i))
			fail("--" name[i] (command[i] == "" ? "" : " of " command[i]) " is missing")
}
