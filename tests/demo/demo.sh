#!/bin/bash
# demo: lull's main job, end to end, on a private bus. `make deps demo` runs it.
#
# Every event it tells was read from the bus, the journal or a program's output; nothing is scripted. It exits
# with 1 and says what went wrong when any part of the story isn't true.
set -u
export LC_ALL=C.UTF-8

block_s=6	# the focus block: long enough for the senders, short enough to watch
wait_s=10	# how long anything may take that should come at once
columns_max=100

cd "$(dirname "$0")/../.." || exit 1
build=${LULL_BUILD:-build}
[[ $build == /* ]] || build=$PWD/$build
conf=$PWD/tests/demo/dbus-session.conf

# --- what it needs, and what it leaves behind: nothing ------------------------------------------------

for program in "$build"/lull{d,,-present} dbus-daemon dbus-monitor dbus-send notify-send; do
	command -v "$program" >/dev/null && continue
	echo "demo: $program is missing; run: make deps demo" >&2
	exit 1
done

work=$(mktemp -d /tmp/lull-demo.XXXXXX) || exit 1	# short: a socket's path has 107 bytes
pids=()							# everything started here, the oldest first

clean_up() {
	local i running

	trap '' INT TERM HUP
	running=" $(jobs -pr | tr '\n' ' ') "
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		# One that has ended left its pid to others.
		[[ $running == *" ${pids[i]} "* ]] || continue
		kill "${pids[i]}"
		wait "${pids[i]}"
	done 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

unset DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_STARTER_ADDRESS DBUS_STARTER_BUS_TYPE NOTIFY_SOCKET
export HOME=$work/home XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
export XDG_RUNTIME_DIR=$work/run XDG_DATA_HOME=$work/data XDG_CACHE_HOME=$work/cache
export PATH=$build:$PATH DBUS_SESSION_BUS_ADDRESS=unix:path=$work/bus
mkdir -m 0700 "$HOME" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"

# --- how it looks -------------------------------------------------------------------------------------

declare -A colour=()
bold='' dim='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
	colour=([bus]=$'\e[34m' [journal]=$'\e[33m' [display]=$'\e[32m' [sender]=$'\e[35m'
		[lulld]=$'\e[36m')
fi

heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
finding() { printf '%s=> %s%s\n' "$bold" "$1" "$plain"; }

# tell SOURCE LINE: one line that was read. The console's body, \n and buttons get lines of their own.
tell() {
	local text=$2 prefix rest head

	printf -v prefix '%s%-7s |%s ' "${colour[$1]-}" "$1" "$plain"
	if [[ $1 == display ]]; then
		text=${text/ - /$'\n    '}
		text=${text//\\n/$'\n    '}
		((${#text} > columns_max - 10)) && text=${text/  \[/$'\n    ['}
	fi
	while IFS= read -r rest; do
		while ((${#rest} > columns_max - 10)); do
			head=${rest:0:columns_max-10}
			[[ ${head:5} == *' '* ]] && head=${head% *}
			printf '%s%s\n' "$prefix" "$head"
			rest="     ${rest:${#head}}"
		done
		printf '%s%s\n' "$prefix" "$rest"
	done <<<"$text"
}

# The command as one would type it.
show_command() {
	local word text=

	for word; do
		[[ $word =~ ^[A-Za-z0-9_./=:,\&-]+$ ]] || word="'$word'"
		text+=" $word"
	done
	printf '%s$%s%s\n' "$dim" "$text" "$plain"
}

# run SOURCE COMMAND...: show a command, run it, tell what it prints, and keep that in $output
run() {
	local source=$1 line
	shift

	show_command "$@"
	output=$("$@" 2>&1) || fail "'$*' failed: $output"
	while IFS= read -r line; do tell "$source" "$line"; done <<<"$output"
}

fail() {
	local file

	printf '\n%sdemo: FAILED: %s%s\n' "$bold" "$1" "$plain" >&2
	for file in lulld display sender bus-daemon; do
		[[ -s $work/$file.log ]] &&
			tail -n 5 "$work/$file.log" | sed "/fd limit\|a monitor/d; s/^/  $file: /" >&2
	done
	exit 1
}

# seconds MICROSECONDS: 5012345 is 5.01
seconds() { printf '%d.%02d' $(($1 / 1000000)) $(($1 % 1000000 / 10000)); }

# --- reading the transcripts --------------------------------------------------------------------------

# Each program writes to a file of its own. catch_up() reads on where it stopped, into the facts below.
declare -A log_fd=() partial=() is_told=()
declare -A awaited=()		# a Notify call on the bus, CALLER/SERIAL, that has no answer yet
lulld_lines=() display_lines=() sender_lines=() bus_lines=()
ping_us=() ping_from=() ping_pid=() ping_name=() ping_urgency=() ping_id=()	# Notify calls to lulld
sent_us=() sent_name=() sent_number=()						# Notify calls to the display
actions=()			# ActionInvoked: "FROM TO ID KEY"
shown_numbers=()		# what the display showed, in order
declare -A shown_name=()	# number: "App: summary"
declare -A open_numbers=()	# what it shows now
lulld_name='' display_name='' lulld_pid='' display_pid='' start_us=0

# A message on the bus, while its lines come in.
msg_kind='' msg_args=() msg_in_string='' msg_hint=''

who() {
	case $1 in
	"$lulld_name") echo lulld ;;
	"$display_name") echo display ;;
	*) echo "$1" ;;
	esac
}

cut_short() { if ((${#1} > 36)); then echo "${1:0:33}..."; else echo "$1"; fi; }

# bus_line MICROSECONDS FROM TO TEXT
bus_line() {
	local line

	printf -v line '%6s s  %-7s -> %-7s  %s' "$(seconds $(($1 - start_us)))" "$(who "$2")" \
		"$(who "$3")" "$4"
	bus_lines+=("$line")
}

bus_message_is_whole() {
	local call i

	case $msg_kind in
	Notify)
		if [[ $msg_from == "$lulld_name" ]]; then
			awaited[$msg_from/$msg_serial]="sent ${#sent_us[@]}"
			sent_us+=("$msg_us") sent_name+=("${msg_args[0]}: ${msg_args[3]}")
			sent_number+=('')
		else
			awaited[$msg_from/$msg_serial]="ping ${#ping_us[@]}"
			ping_us+=("$msg_us") ping_name+=("${msg_args[0]}: ${msg_args[3]}")
			ping_from+=("$msg_from") ping_pid+=("$msg_pid") ping_urgency+=("$msg_urgency")
			ping_id+=('')
		fi
		;;
	return)
		call=${awaited[$msg_to/$msg_reply]-}
		i=${call#* }
		case $call in
		ping*)
			ping_id[i]=${msg_args[0]}
			bus_line "${ping_us[i]}" "$msg_to" "$msg_from" \
				"Notify $(cut_short "${ping_name[i]}")  (id ${ping_id[i]})"
			;;
		sent*)
			sent_number[i]=${msg_args[0]}
			bus_line "${sent_us[i]}" "$msg_to" "$msg_from" \
				"Notify $(cut_short "${sent_name[i]}")  (#${sent_number[i]})"
			;;
		esac
		;;
	ActionInvoked)
		actions+=("$msg_from $msg_to ${msg_args[0]} ${msg_args[1]}")
		bus_line "$msg_us" "$msg_from" "$msg_to" "ActionInvoked ${msg_args[0]} ${msg_args[1]}"
		;;
	esac
	msg_kind=''
}

# One line of dbus-monitor. A message is a line at the margin and its arguments, indented by three.
take_bus_line() {
	local head='^(method call|method return|signal) time=([0-9]+)\.([0-9]+) sender=([^ ]+) -> '
	local arg='^   (u?int32|string) "?([^"]*)"?$'

	head+='destination=(.*) serial=([0-9]+)(.*)$'
	if [[ $msg_in_string ]]; then
		[[ $1 == *\" ]] && msg_in_string=''
		return
	fi
	if [[ $1 != ' '* ]]; then
		msg_kind=''
		[[ $1 =~ $head ]] || return
		msg_us=${BASH_REMATCH[2]}${BASH_REMATCH[3]}
		msg_from=${BASH_REMATCH[4]} msg_to=${BASH_REMATCH[5]} msg_serial=${BASH_REMATCH[6]}
		msg_args=() msg_urgency='' msg_pid='' msg_hint='' msg_reply=''
		case $1 in
		'method return'*)
			msg_reply=${BASH_REMATCH[7]#*reply_serial=}
			[[ ${awaited[$msg_to/$msg_reply]-} ]] && msg_kind='return'
			;;
		*'member=Notify') msg_kind=Notify ;;
		*'member=ActionInvoked') msg_kind=ActionInvoked ;;
		esac
		return
	fi
	[[ $msg_kind ]] || return
	# A string of several lines: the first will do.
	[[ $1 =~ ^\ +string\ \".*[^\"]$ ]] && msg_in_string=yes
	if [[ $1 =~ $arg ]]; then
		msg_args+=("${BASH_REMATCH[2]}")
	elif [[ $1 =~ ^\ +string\ \"(.*)\"$ ]]; then
		msg_hint=${BASH_REMATCH[1]}
	elif [[ $1 =~ variant\ +(byte|int64)\ ([0-9]+)$ ]]; then
		case $msg_hint in
		urgency) msg_urgency=${BASH_REMATCH[2]} ;;
		sender-pid) msg_pid=${BASH_REMATCH[2]} ;;
		esac
	fi
	case $msg_kind in
	Notify) [[ $1 == '   int32 '* ]] && bus_message_is_whole ;;
	return) bus_message_is_whole ;;
	ActionInvoked) ((${#msg_args[@]} == 2)) && bus_message_is_whole ;;
	esac
}

take_display_line() {
	local number name

	display_lines+=("$1")
	[[ $1 =~ ^#([0-9]+)\ (.*)$ ]] || return
	number=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]}
	case $name in
	pressed\ *) ;;
	closed\ \(*) unset "open_numbers[$number]" ;;
	*)
		name=${name%%  [*}
		name=${name%% - *}
		shown_numbers+=("$number") shown_name[$number]=$name open_numbers[$number]=$name
		count_open
		;;
	esac
}

take_line() {
	case $1 in
	bus) take_bus_line "$2" ;;
	display) take_display_line "$2" ;;
	lulld) lulld_lines+=("${2#lulld: }") ;;
	sender) sender_lines+=("$2") ;;
	esac
}

catch_up() {
	local source line

	for source in bus lulld display sender; do
		[[ ${log_fd[$source]-} ]] || continue
		while IFS= read -r line <&"${log_fd[$source]}"; do
			take_line "$source" "${partial[$source]-}$line"
			partial[$source]=''
		done
		partial[$source]+=$line
	done
}

# follow SOURCE: read $work/SOURCE.log from now on
follow() {
	local fd

	: >>"$work/$1.log"
	exec {fd}<"$work/$1.log"
	log_fd[$1]=$fd
}

# wait_for WHAT SECONDS TEST...: until TEST is true of the transcripts
wait_for() {
	local what=$1 end_s=$((SECONDS + $2 + 1))
	shift 2

	until catch_up && "$@"; do
		[[ ! $lulld_pid ]] || kill -0 "$lulld_pid" 2>/dev/null || fail "lulld ended before $what"
		[[ ! $display_pid ]] || kill -0 "$display_pid" 2>/dev/null ||
			fail "the console ended before $what"
		((SECONDS < end_s)) || fail "waited in vain for $what"
		sleep 0.03
	done
}

# What another line says already, or what isn't part of the story.
goes_without_saying() {
	case $1 in
	bus) ((${#held_ids[@]} > 0)) && [[ $2 == *' -> display  Notify '* ]] ;;
	display)
		[[ $2 =~ ^#([0-9]+)\ (pressed|closed)\  ]] || return
		[[ $2 == *'(expired)' ]] || return 0
		! contains "${shown_name[${BASH_REMATCH[1]}]}" "${held_names[@]}"
		;;
	*) return 1 ;;
	esac
}

# tell_new SOURCE...: what has come in since the last time
tell_new() {
	local source i

	catch_up
	for source; do
		local -n lines=${source}_lines
		for ((i = ${is_told[$source]-0}; i < ${#lines[@]}; i++)); do
			goes_without_saying "$source" "${lines[i]}" && continue
			tell "$source" "${lines[i]}"
		done
		is_told[$source]=${#lines[@]}
	done
}

# --- questions about the facts ------------------------------------------------------------------------

held_ids=()		# as `lull list` has them
held_names=()
most_open=0		# of what was held: how many the display had to show at once

contains() {
	local wanted=$1 item
	shift

	for item; do [[ $item == "$wanted" ]] && return; done
	return 1
}

count_open() {
	local name n=0

	for name in "${open_numbers[@]}"; do
		contains "$name" "${held_names[@]}" && n=$((n + 1))
	done
	((n <= most_open)) || most_open=$n
}

# sent_index NAME: where the call that showed it is, in $index
sent_index() {
	for ((index = 0; index < ${#sent_name[@]}; index++)); do
		[[ ${sent_name[index]} == "$1" && ${sent_number[index]} ]] && return
	done
	return 1
}

# ping_index PID: the ping of a notify-send, in $index
ping_index() {
	for ((index = 0; index < ${#ping_pid[@]}; index++)); do
		[[ ${ping_pid[index]} == "$1" && ${ping_id[index]} ]] && return
	done
	return 1
}

is_shown() { sent_index "$1" && [[ ${shown_name[${sent_number[index]}]-} == "$1" ]]; }
all_shown() {
	local name
	for name; do is_shown "$name" || return; done
}

# On the bus, and on the display's own word.
digest_is_shown() {
	local name

	for name in "${sent_name[@]}"; do
		[[ $name == 'lull: '* ]] && is_shown "$name" && digest=$index && return
	done
	return 1
}

owners() {
	dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus /org/freedesktop/DBus \
		org.freedesktop.DBus.ListQueuedOwners string:org.freedesktop.Notifications
}

pid_of() {
	local reply
	reply=$(dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus \
		/org/freedesktop/DBus org.freedesktop.DBus.GetConnectionUnixProcessID "string:$1")
	echo "${reply##* }"
}

# Is lulld first in the queue for the name, and the console second?
is_lined_up() {
	[[ $(owners) =~ (:[0-9.]+)[^:]+(:[0-9.]+) ]] || return
	lulld_name=${BASH_REMATCH[1]} display_name=${BASH_REMATCH[2]}
	[[ $(pid_of "$lulld_name") == "$lulld_pid" && $(pid_of "$display_name") == "$display_pid" ]]
}

# --- doing things -------------------------------------------------------------------------------------

sender_pids=()

# send [WORD...]: a real notify-send; one that waits for its button stays in the background
send() {
	show_command notify-send "$@"
	notify-send "$@" >>"$work/sender.log" 2>&1 &
	sender_pids+=($!)
	pids+=($!)
	wait_for "the ping of 'notify-send $*'" $wait_s ping_index $!
	[[ " $* " == *' --wait '* ]] && return
	wait "${sender_pids[-1]}" || fail "'notify-send $*' failed"
}

# type_in WORD...: to the console display's standard input
type_in() {
	printf '%slull console> %s%s\n' "$dim" "$*" "$plain"
	echo "$*" >&"$console_fd"
}

# --- 1: lulld and a display -----------------------------------------------------------------------------

echo "${bold}$(lull --version): what it does, on a private bus that ends with this demo${plain}"
cat <<END
Every line with a | was read, not written by this script:
  bus      from dbus-monitor: seconds since the start, caller, callee, and the answer in brackets
  journal  from 'lull list'     display  from 'lull console', a display server for terminals
  lulld    from its log         sender   from notify-send, the application
END

dbus-daemon --config-file="$conf" --address="$DBUS_SESSION_BUS_ADDRESS" --nofork --nopidfile \
	>"$work/bus-daemon.log" 2>&1 &
pids+=($!)
has_bus() { [[ -S $work/bus ]]; }
wait_for 'the private bus' $wait_s has_bus

dbus-monitor --session "interface='org.freedesktop.Notifications'" "type='method_return'" \
	>"$work/bus.log" 2>&1 &
pids+=($!)
follow bus
is_watching() { [[ -s $work/bus.log ]]; }
wait_for 'dbus-monitor' $wait_s is_watching
start_us=${EPOCHREALTIME/./}

heading '1. lulld stands in front of the display server'
show_command lulld '&'
lulld >"$work/lulld.log" 2>&1 &
lulld_pid=$!
pids+=("$lulld_pid")
follow lulld
has_owner() { [[ $(owners 2>/dev/null) == *:* ]]; }
wait_for 'lulld to own org.freedesktop.Notifications' $wait_s has_owner

show_command lull console '&'
mkfifo "$work/console"
exec {console_fd}<>"$work/console"
lull console <"$work/console" >"$work/display.log" 2>&1 &
display_pid=$!
pids+=("$display_pid")
follow display
wait_for 'the console to stand in the queue behind lulld' $wait_s is_lined_up
has_display() { [[ $(lull status --json) == *"\"in_front\":true"*"\"unique\":\"$display_name\""* ]]; }
wait_for 'lulld to find the console' $wait_s has_display
tell_new lulld
tell bus "org.freedesktop.Notifications: owner $lulld_name (lulld), in the queue $display_name (lull console)"

# --- 2: focus is off ----------------------------------------------------------------------------------

heading '2. While focus is off, a ping goes straight through'
send --app-name=News 'Rain until noon'
wait_for 'the first ping on the display' $wait_s all_shown "${ping_name[0]}"
tell_new bus display
sent_index "${ping_name[0]}"
finding "on the display $((sent_us[index] - ping_us[0])) microseconds after it was sent"

# --- 3: focus is on -----------------------------------------------------------------------------------

heading '3. While focus is on, pings are held; what is urgent breaks through'
n_before=${#ping_us[@]}
run lulld lull focus ${block_s}s --label 'writing the report'
send --app-name=Chat --expire-time=1500 'Ada: lunch at one?'
send --app-name=Mail --expire-time=1500 'Minutes of the meeting'
send --app-name=Chat --expire-time=0 --action=reply=Reply --wait 'Bob: is it done?'
waiting_pid=${sender_pids[-1]}
send --app-name=Power --urgency=critical 'Battery: 5 % left'
send --app-name=Build --expire-time=1500 'All tests passed'
critical_names=()
for ((i = n_before; i < ${#ping_us[@]}; i++)); do
	((ping_urgency[i] == 2)) && critical_names+=("${ping_name[i]}")
done
wait_for 'the urgent ping on the display' $wait_s all_shown "${critical_names[@]}"
catch_up
is_told[lulld]=${#lulld_lines[@]}	# "focus is on" has been said
tell_new bus display
run journal lull list

until_us=$(lull status --json)
[[ $until_us =~ \"until\":([0-9]+) ]] || fail "no focus block is on any more: $until_us"
until_us=${BASH_REMATCH[1]}
while IFS= read -r line; do
	[[ $line =~ \"id\":([0-9]+),\"app\":\"([^\"]*)\",\"summary\":\"([^\"]*)\".*\"state\":\"held\" ]] ||
		continue
	held_ids+=("${BASH_REMATCH[1]}")
	held_names+=("${BASH_REMATCH[2]}: ${BASH_REMATCH[3]}")
done < <(lull list --json)
now_us=${EPOCHREALTIME/./}
((now_us < until_us)) || fail "this machine took more than $block_s s to send a few pings"

catch_up
broken_ids=()
for ((i = n_before; i < ${#ping_us[@]}; i++)); do
	if contains "${ping_id[i]}" "${held_ids[@]}"; then
		sent_index "${ping_name[i]}" && fail "'${ping_name[i]}' is held, and shown as well"
		contains "${ping_name[i]}" "${critical_names[@]}" && fail "'${ping_name[i]}' is held"
	elif sent_index "${ping_name[i]}"; then
		contains "${ping_name[i]}" "${critical_names[@]}" ||
			fail "'${ping_name[i]}' isn't urgent and was shown during the block"
		broken_ids+=("${ping_id[i]}")
	else
		fail "'${ping_name[i]}' is neither held nor shown"
	fi
done
((${#held_ids[@]} > 0)) || fail 'nothing is held'
((${#broken_ids[@]} > 0)) || fail 'nothing broke through'
finding "of $((${#ping_us[@]} - n_before)) pings ${#held_ids[@]} are held; ${#broken_ids[@]} broke through: \
${broken_ids[*]}, ${critical_names[*]}"

# --- 4: the block ends --------------------------------------------------------------------------------

heading "4. The block ends by itself, in $(seconds $((until_us - now_us))) s; one digest announces what was held"
digest=''
wait_for 'the digest' $((block_s + wait_s)) digest_is_shown
is_over() { [[ $(lull status --json) == '{"focus":false,'* ]]; }
wait_for 'the end of the block' $wait_s is_over
tell_new lulld bus display
n_told=${sent_name[digest]#lull: }
n_told=${n_told%% *}
late_us=$((sent_us[digest] - until_us))
[[ $n_told == "${#held_ids[@]}" ]] || fail "the digest counts $n_told, but ${#held_ids[@]} were held"
((late_us >= 0)) || fail "the digest came $((-late_us)) microseconds before the block's end"
for name in "${held_names[@]}"; do
	sent_index "$name" && fail "'$name' came before anybody asked for it"
done
finding "the digest came $((late_us / 1000)) ms after the end of the block, and counts $n_told"

# --- 5: show all --------------------------------------------------------------------------------------

heading "5. 'Show all' is pressed: they come out in order, a few at a time"
type_in press "${sent_number[digest]}" show-all
wait_for 'the held pings on the display' $((wait_s * 2)) all_shown "${held_names[@]}"
tell_new bus display
# The order of arrival is that of the calls on the bus.
arrived=() came_out=()
for ((i = n_before; i < ${#ping_us[@]}; i++)); do
	contains "${ping_id[i]}" "${held_ids[@]}" || continue
	arrived+=("${ping_name[i]}")
	sent_index "${ping_name[i]}"
	waited_us=$((sent_us[index] - ping_us[i]))
	[[ ${shortest_us-} ]] && ((shortest_us <= waited_us)) || shortest_us=$waited_us
	[[ ${longest_us-} ]] && ((longest_us >= waited_us)) || longest_us=$waited_us
done
for number in "${shown_numbers[@]}"; do
	contains "${shown_name[$number]}" "${held_names[@]}" && came_out+=("${shown_name[$number]}")
done
in_order=yes
[[ "${arrived[*]}" == "${came_out[*]}" ]] || in_order=no
finding "${#came_out[@]} came out, in order of arrival: $in_order, at most $most_open open at once; they \
waited $(seconds "$shortest_us") to $(seconds "$longest_us") s"

# --- 6: the button ------------------------------------------------------------------------------------

heading '6. A button on a released notification still reaches the application that sent it'
ping_index "$waiting_pid"
asking=$index
sent_index "${ping_name[asking]}"
asking_number=${sent_number[index]}
follow sender
((${#sender_lines[@]} == 0)) || fail "notify-send said '${sender_lines[0]}' before anybody pressed"
type_in press "$asking_number" reply
has_answer() { ((${#sender_lines[@]} > 0)); }
wait_for "the answer at notify-send (pid $waiting_pid)" $wait_s has_answer
answer_expected="$lulld_name ${ping_from[asking]} ${ping_id[asking]} reply"
has_action() { contains "$answer_expected" "${actions[@]}"; }
wait_for 'the action on the bus' $wait_s has_action
has_ended() { ! kill -0 "$waiting_pid" 2>/dev/null; }
wait_for "notify-send (pid $waiting_pid) to end" $wait_s has_ended
wait "$waiting_pid"
waiting_status=$?
tell_new display bus sender
finding "notify-send (pid $waiting_pid, ${ping_from[asking]}) was told of its ${ping_id[asking]}, and \
ended with status $waiting_status"

# --- what it comes to ---------------------------------------------------------------------------------

heading 'What it comes to'
run journal lull list
lost=0
for name in "${ping_name[@]}"; do
	[[ $name == 'lull: '* ]] || is_shown "$name" || lost=$((lost + 1))
done
n_pings=0
for pid in "${sender_pids[@]}"; do
	ping_index "$pid" && n_pings=$((n_pings + 1))
done
cat <<END
pings sent: $n_pings (bus) | held: ${#held_ids[@]} (journal) | broke through: ${#broken_ids[@]} (bus: forwarded while focus was on)
shown after the block: ${#came_out[@]} (display), in order of arrival: $in_order | waited: up to $(seconds "$longest_us") s (bus)
action back at its sender: ${sender_lines[*]} (notify-send) | lost: $lost (bus, display)
END
[[ $output == 'nothing is held' ]] || fail "something is still held"
[[ $n_pings == "${#sender_pids[@]}" ]] || fail "${#sender_pids[@]} were sent, $n_pings came in"
((most_open <= 3)) || fail "$most_open released ones were open at once; lull promises at most three"
[[ $in_order == yes ]] || fail "they came out in another order: ${came_out[*]}"
[[ ${sender_lines[*]} == reply ]] || fail "notify-send printed '${sender_lines[*]}', not 'reply'"
((waiting_status == 0)) || fail "notify-send ended with status $waiting_status"
((lost == 0)) || fail "$lost pings were never shown"
finding "all of it is true; it took $SECONDS s"
