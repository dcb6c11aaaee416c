# SPDX-License-Identifier: GPL-2.0
# bash completion for cdmtrace                              -*- shell-script -*-
_cdmtrace()
{
	local cur prev
	cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	[[ $cur == = ]] && cur=
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	case $prev in
	-e | --event)
		local head=${cur%"${cur##*,}"}
		COMPREPLY=($(compgen -P "$head" -W "migrate evict fault page rss charge pingpong device pagefault numa" -- "${cur##*,}"))
		return ;;
	-p | --pid | -t | --tid)
		COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur"))
		return ;;
	-D | --device)
		COMPREPLY=($(compgen -W "$(ls /sys/class/cdm 2>/dev/null)" -- "$cur"))
		return ;;
	--dir) COMPREPLY=($(compgen -W "in out" -- "$cur")); return ;;
	--why)
		COMPREPLY=($(compgen -W "unmapped swapped pinned locked isolate file writeback large ksm foreign unsupported alloc charge copy raced" -- "$cur"))
		return ;;
	--format) COMPREPLY=($(compgen -W "text ndjson csv chrome" -- "$cur")); return ;;
	--source) COMPREPLY=($(compgen -W "any tracepoint fentry kprobe proc" -- "$cur")); return ;;
	--time) COMPREPLY=($(compgen -W "wall boot delta" -- "$cur")); return ;;
	--folded) COMPREPLY=($(compgen -W "count pages" -- "$cur")); return ;;
	-o | --output | -w | --write | -r | --read | --chrome | --html | --ready-file)
		COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	-c | --cgroup | --comm | --min-pages | --min-latency | --duration | -n | --events | \
	--ring | --rings | --pingpong-window | --pingpong-flips | -d | --snapshots)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "--event --pid --tid --comm --cgroup --device --dir --why
			--min-pages --min-latency --duration --events --output --format --json
			--time --chrome --html --stacks --folded --summary --write --snapshots --read
			--ring --rings --pingpong-window --pingpong-flips --pingpong-pages --ready-file --strict
			--features --source --list --dry-run --verbose --help --usage --version" -- "$cur"))
	elif ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "report diff" -- "$cur"))
	fi
}
complete -o default -F _cdmtrace cdmtrace
