# SPDX-License-Identifier: GPL-2.0
# bash completion of cdmctl

_cdmctl_options() {
	case $1 in
	list) echo '--json' ;;
	status) echo '--json --pid --vmas' ;;
	migrate) echo '--pid --to --home --vma --range --populate --partial-ok --json --verbose' ;;
	evict) echo '--pid --device --timeout --vma --range --partial-ok --json --verbose' ;;
	run) echo '--place --interval --cgroup --verbose' ;;
	inject) echo '--for' ;;
	engine) echo '--pid' ;;
	esac
	echo '--help --usage --version'
}

_cdmctl() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} head=
	local commands='list status migrate evict run inject engine'
	local classes='heap stack anon file shmem all'
	local devices words
	devices=$(ls /sys/class/cdm 2> /dev/null)

	COMPREPLY=()
	case $previous in
	-p | --pid)
		words=$(cd /proc && echo [0-9]*) ;;
	--to | -D | --device)
		words=$devices ;;
	--vma)
		words=$classes ;;
	--place)
		words=${classes// /= }= ;;
	=)
		words=$devices ;;
	-c | --cgroup)
		words=$(compgen -d -- "/sys/fs/cgroup$word" | sed 's|^/sys/fs/cgroup||') ;;
	*)
		if ((COMP_CWORD == 1)); then
			words="$commands --help --version"
		elif [[ $word == -* ]]; then
			words=$(_cdmctl_options "${COMP_WORDS[1]}")
		elif [[ ${COMP_WORDS[1]} == @(inject|engine) ]]; then
			words="$devices fail-alloc= delay= hang= reset none add64 read"
		fi ;;
	esac
	[[ $word != *,* ]] || head=${word%,*},
	[[ $word != = ]] || word=
	mapfile -t COMPREPLY < <(compgen -P "$head" -W "$words" -- "${word##*,}")
}

complete -F _cdmctl cdmctl
