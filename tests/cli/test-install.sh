#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is built, what that needs, and what `make install` puts where. Prints TAP.
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source "$project/tests/tap.sh"

export PATH=$work/usr/bin:$PATH
tools=(cdm-vm cdmctl cdmtop cdmtrace)
for tool in "${tools[@]}"; do
	said=$(make -s -C "$project/tools/$tool" install DESTDIR="$work" PREFIX=/usr 2>&1)
	result $? "$tool is installed" "$said"
	like "... and runs" "Usage: $tool" "$("$work/usr/bin/$tool" --help 2>&1)"
done
manuals=("${tools[@]/%/.1}" cdm-record.5)
is "nothing else is" "$(printf '%s\n' "${tools[@]/#/bin/}" "${tools[@]/#/share/bash-completion/completions/}" \
	"${tools[@]/#/share/zsh/vendor-completions/_}" share/man/man5/cdm-record.5 \
	"${tools[@]/#/share/man/man1/}" | sed 's,^share/man/man1/.*,&.1,' | LC_ALL=C sort)" \
	"$(cd "$work/usr" && find . -type f -printf '%P\n' | LC_ALL=C sort)"
for manual in "${manuals[@]}"; do
	said=$(MANWIDTH=80 man --warnings -l "$work/usr/share/man/man${manual##*.}/$manual" 2>&1 > "$work/manual")
	is "$manual is shown without a warning" "" "$said"
	like "... and has its name" "${manual%.*} - " "$(< "$work/manual")"
done

# What --help says, the manual has and bash completes.
options() {	# TOOL [COMMAND]
	"$@" --help | sed -nE 's/^ +(-., )*(--[a-z-]+).*/\2/p' | sort -u
}
# completed WORD...: what bash makes of the last one, as of a line
completed() {
	bash -c 'source "$0/share/bash-completion/completions/$1"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"$(complete -p "$1" | sed "s/.*-F //; s/ .*//")" 2> /dev/null
		printf "%s\n" "${COMPREPLY[@]}"' "$work/usr" "$@"
}
for command in cdm-vm cdmtop cdmtrace "cdmctl "{list,status,migrate,evict,run,inject,engine}; do
	options=$(options $command)
	is "$command completes its options, and no others" "$options" "$(completed $command -- | sort)"
	manual=$(MANWIDTH=80 man -l "$work/usr/share/man/man1/${command%% *}.1" 2> /dev/null | col -b)
	is "... and its manual has them" "" "$(while read -r option; do
		grep -qE "^ +(-., )?$option([=[]|\$)" <<< "$manual" || echo "$option"; done <<< "$options")"
done
completes() {	# WANTED WORD...
	local wanted=$1
	shift
	is "completion of: $*" "$wanted" "$(completed "$@" | paste -sd ' ')"
}
completes "migrate" cdmctl mi
completes "heap" cdmctl migrate --vma he
completes "heap,stack,shmem" cdmctl migrate --vma heap,stack,sh
completes "heap=" cdmctl run --place he
completes "delay=" cdmctl inject cdm0 de
completes "/proc" cdm-vm --rw /pro
completes "auto kvm tcg" cdm-vm --accel = ""
completes "report" cdmtrace rep
completes "count pages" cdmtrace --folded = ""
completes "migrate,numa" cdmtrace -e migrate,n
completes "$$" cdmtrace -p $$
completes "proc cgroup device numa events" cdmtop --view ""
completes "name,quarantined" cdmtop --view device -F name,quar
completes "" cdmtop --count ""

# zsh completes on a screen only.
if command -v zsh > /dev/null && command -v tmux > /dev/null; then
	source "$project/tests/screen.sh"
	trap '"${mux[@]}" kill-server 2> /dev/null; rm -rf "$work"' EXIT
	printf 'fpath=(%s $fpath)\npath=(%s $path)\nautoload -U compinit\ncompinit -u -D\n' \
		"$work/usr/share/zsh/vendor-completions" "$work/usr/bin" > "$work/zshrc"
	"${mux[@]}" new-session -d -s ui -x 120 -y 40 "PS1='%% ' zsh -f"
	until_seen '^%'
	"${mux[@]}" send-keys -t ui -l "source $work/zshrc; clear"
	keys Enter
	zsh_completes() {	# TEXT WANTED
		until_seen '^% *$'
		"${mux[@]}" send-keys -t ui -l "$1"
		keys Tab
		seen "zsh completion of: $1" "$2"
		keys C-c C-l
	}
	zsh_completes "cdmctl mi" "cdmctl migrate"
	zsh_completes "cdmctl migrate --vma=heap,sta" "vma=heap,stack"
	zsh_completes "cdmtop --format " "^csv +ndjson +openmetrics"
	zsh_completes "cdmtop --no-" "--no-bpf +-- --source proc: only"
	zsh_completes "cdmtrace --folded=p" "folded=pages"
	zsh_completes "cdm-vm --accel k" "accel kvm"
	zsh_completes "cdm-vm -- basenam" "basename"
	on_failure() { :; }
else
	skip "zsh completion" "zsh or tmux is not installed"
fi

# A machine that lacks at least scdoc and ccache, and notes down who would change it.
mkdir "$work/lacks"
cat > "$work/lacks/dpkg-query" << EOF
#!/bin/sh
$(command -v dpkg-query) "\$@" | grep -vE '^(scdoc|ccache) '
EOF
for command in apt-get sudo; do
	printf '#!/bin/sh\necho "$0 $*" >> %s\n' "$work/changed" > "$work/lacks/$command"
done
chmod +x "$work"/lacks/*
for target in tools install kernel; do
	said=$(PATH=$work/lacks:$PATH make -s -C "$project" "$target" DESTDIR="$work" 2>&1)
	result $((!$?)) "make $target does not begin without a package" "$said"
	like "... names it, and how to get it" 'packages are missing: [^'$'\n'']*(scdoc|ccache)[^'$'\n'']*
.*sudo apt-get install .*(scdoc|ccache)' "$said"
done
is "... and installs nothing" "" "$(cat "$work/changed" 2> /dev/null)"
said=$("$project/scripts/deps.sh" --check kernels 2>&1)
is "an unknown group of packages" "2 deps: no group 'kernels'" "$? ${said%%;*}"
is "make help names each target" "" "$(comm -13 <(make -s -C "$project" help | grep -oE 'make [a-z-]+' | sort -u) \
	<(sed -nE '/^\.PHONY/,/[^\\]$/ { s/\.PHONY://; p }' "$project/Makefile" | tr -s ' \t\\' '\n' | grep . |
		grep -vxE 'help|clean|kernel-stock|hmm-baseline' | sed 's/^/make /' | sort -u))"
finish
