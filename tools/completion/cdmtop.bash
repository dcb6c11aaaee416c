# SPDX-License-Identifier: GPL-2.0
# bash completion of cdmtop

_cdmtop_columns() {
	local view=proc i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != --view ]] || view=${COMP_WORDS[i + 1]}
	done
	"${COMP_WORDS[0]}" --list-columns 2> /dev/null | awk -v view="$view" '$1 == view { print $2 }'
}

_cdmtop() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} head=
	local options='--view --columns --sort --reverse --filter --pid --cgroup --device --rows
		--list-columns --delay --count --batch --output --format --json --textfile --top --histograms
		--color --ascii --no-config --write --read
		--speed --no-bpf --source --strict --pingpong-window --pingpong-flips --features --verbose
		--help --usage --version'

	COMPREPLY=()
	case $previous in
	--view)
		mapfile -t COMPREPLY < <(compgen -W 'proc cgroup device numa events' -- "$word")
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'text ndjson csv openmetrics prometheus' -- "$word")
		;;
	--speed)
		mapfile -t COMPREPLY < <(compgen -W '0.5 1 2 4 10 max' -- "$word")
		;;
	--histograms)
		[[ $word != *,* ]] || head=${word%,*},
		mapfile -t COMPREPLY < <(compgen -P "$head" -W 'proc cgroup device none' -- "${word##*,}")
		;;
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word")
		;;
	--source)
		mapfile -t COMPREPLY < <(compgen -W 'any tracepoint fentry kprobe proc' -- "$word")
		;;
	-s | --sort | -F | --columns)
		[[ $word != *,* ]] || head=${word%,*},
		mapfile -t COMPREPLY < <(compgen -P "$head" -W "$(_cdmtop_columns)" -- "${word##*,}")
		;;
	-D | --device)
		mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/cdm 2> /dev/null)" -- "$word")
		;;
	-p | --pid)
		mapfile -t COMPREPLY < <(cd /proc && compgen -W "$(echo [0-9]*)" -- "$word")
		;;
	-c | --cgroup)
		mapfile -t COMPREPLY < <(compgen -d -- "/sys/fs/cgroup$word" | sed 's|^/sys/fs/cgroup||')
		;;
	-o | --output | -w | --write | -r | --read | --textfile)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	*)
		[[ $word != -* ]] || mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		;;
	esac
}

complete -F _cdmtop cdmtop
