# SPDX-License-Identifier: GPL-2.0
# From `cdmtrace --list` to what stands for @FIELDS@ in the man page.
function escape(s) { gsub(/[\\*_#`]/, "\\\\&", s); return s }
/^[a-z]/ { print (NR > 1 ? "\n" : "") "*" escape($0) "*"; print ""; next }
/^    sorts:/ { sub(/^ +/, ""); print "\t" escape($0); print ""; next }
/^    / { name = $1; sub(/^ +[^ ]+ +/, ""); print "\t_" escape(name) "_: " escape($0); print "" }
