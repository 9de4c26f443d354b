"""Every fault that the gateway names: a stable code, a sentence for a person, whether trying again can help, and where.

>>> print(GatewayError("member:unknown", number="1042"))
There is no member 1042. Check the number, or look for her by phone. [member:unknown]
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the catalogue: a sentence with `{slots}`, and whether the same request may succeed later."""

    sentence: str
    retryable: bool = False


CATALOGUE: dict[str, Fault] = {
    # configuration
    "config:missing": Fault("{setting} is not set. {remedy}"),
    "config:invalid": Fault("{setting} is {value!r}. {remedy}"),
    "config:unknown": Fault("There is no setting {setting}. Correct its name or unset it; docs/settings.md lists all settings."),
    "config:no-redis": Fault("There is no Redis on this machine. Install redis-server, or set REDIS_URL to one that runs."),
    "config:data-in-use": Fault("Another gateway runs on the data in {folder}. Stop it first, or choose another folder with --data."),
    "config:port-in-use": Fault("Port {port} is taken by another program. Choose another with --port."),
    "embedded:not-ready": Fault("The gateway did not answer within {seconds} seconds; the lines above say why.", retryable=True),
    # channels.yaml
    "channels:unreadable": Fault("The file cannot be read ({reason}). Write it as UTF-8 text and let the gateway's user read it."),
    "channels:invalid": Fault("{path}: {problem}."),
    "channels:unknown": Fault("{path}: there is no {what} {name!r}.{hint}"),
    "channels:unset": Fault("{path}: the variable {name} is not set in the environment. Set it, or name another."),
    "channels:no-channel": Fault("There is no channel {name!r}; `gateway channels list` shows them."),
    "channels:not-written": Fault(
        "channels.yaml names the channel {name!r}, which the database does not know yet. Run `gateway migrate`.", retryable=True
    ),
    "channels:does-not-carry": Fault("The channel {name!r} does not carry {medium}."),
    "channels:day-full": Fault("The channel {name!r} has sent all that it may today. Try again tomorrow, or raise messages_per_day."),
    # webhooks
    "webhook:forged": Fault("The request is not signed by {provider}."),
    "webhook:malformed": Fault("The field {field} is missing or cannot be read."),
    "webhook:foreign-account": Fault("The request belongs to another account of {provider}."),
    # the database
    "queue:unavailable": Fault("Redis does not answer. Try again; if it stays so, look at its log.", retryable=True),
    "database:not-migrated": Fault("The database has no tables yet, or those of an earlier version. Run `gateway migrate`."),
    "database:unavailable": Fault("The database does not answer. Try again; if it stays so, look at its log and its disk.", retryable=True),
    # who may do what
    "access:denied": Fault("The role {role!r} may not do this ({permission}). Ask an admin of the organisation."),
    "access:no-user": Fault("{count} active users are called {user!r}. Give the id of one; `gateway users list` shows them."),
    "access:no-organisation": Fault("There is no organisation {organisation!r}. `gateway organisations list` shows them."),
    # signing in
    "sign-in:wrong": Fault("The name and the password do not belong together."),
    "sign-in:wait": Fault("These were many tries. Try again in {minutes} min.", retryable=True),
    "sign-in:password": Fault("This is not your password."),
    "sign-in:code": Fault(
        "This code does not fit, or was used before. Wait for the next one, and look whether the phone's clock is right."
    ),
    "second-step:there": Fault("You have a second step already."),
    "second-step:none": Fault("You have no second step yet."),
    "second-step:needed": Fault("An admin must keep her second step."),
    "password:short": Fault("Take at least {least} letters. Three words that you remember make a good password."),
    "password:long": Fault("Take at most {most} letters."),
    "password:common": Fault("Many people use this password, so that it is guessed first. Three words that belong only to you are better."),
    "password:name": Fault("A password must not be your own name. Three words that belong only to you are better."),
    "password:differ": Fault("The two passwords are not the same. Type the new one twice."),
    "invitation:over": Fault("This link was used already, or its time is over. Ask an admin of your organisation for a new one."),
    "visit:unknown": Fault("Nobody is signed in there any more."),
    # the API
    "request:unauthorised": Fault("Send a token that holds, as `Authorization: Bearer aawaj_...`. `gateway tokens create` makes one."),
    "request:malformed": Fault("{fault}"),
    "request:invalid": Fault("{fault}"),
    "request:not-json": Fault("The body must be {wanted}."),
    "request:no-length": Fault("The request has no Content-Length, so that nobody could tell whether all of it came."),
    "request:too-large": Fault("The body is larger than {most} bytes."),
    "request:unknown": Fault("There is nothing at this address. /api/v1/docs shows all of them."),
    "request:method": Fault("This address does not take {method}."),
    "request:no-key": Fault("Send an Idempotency-Key of 8 to 64 letters, digits, `-` or `_`, a new one for each new request."),
    "request:key-used": Fault("Another request had this Idempotency-Key. Draw a new one for each new request."),
    "request:in-progress": Fault("The same request is being answered at this moment. Try again.", retryable=True),
    "request:done": Fault("This request was carried out before, and what was answered is kept no longer."),
    "request:conflict": Fault("Somebody else changed the same at the same moment. Try again.", retryable=True),
    "request:too-many": Fault("This token asks too often. Try again in {seconds} s.", retryable=True),
    "request:failed": Fault("Something went wrong here. The log has it under {reference}."),
    "token:unknown": Fault("There is no token {id} that holds. `gateway tokens list` shows them."),
    "token:role": Fault("A token cannot have the role {role!r} here, but {wanted}."),
    "token:label": Fault("A token needs a label of at most {most} characters that says what it is for."),
    # flow files
    "flow:unknown": Fault("There is no flow {name!r}."),
    "flow:missing-file": Fault("there is no such file. {remedy}"),
    "flow:unreadable": Fault("{reason}."),
    "flow:yaml": Fault("this is not YAML that a flow may use: {reason}."),
    "flow:missing-key": Fault("{path}: the key {name!r} is missing."),
    "flow:unknown-key": Fault("{path}: there is no key {name!r} here.{hint}"),
    "flow:shape": Fault("{path}: this must be {wanted}."),
    "flow:empty": Fault("{path}: there is nothing here."),
    "flow:invalid": Fault("{path}: {value!r} must be {wanted}."),
    "flow:kind": Fault("{path}: a step does exactly one of these: {kinds}.{hint}"),
    "flow:file-name": Fault("{path}: the flow is called {name!r} and its file {file!r}. Give both the same name."),
    "flow:lesson-name": Fault("a lesson cannot be called {name!r}. {reason}"),
    "flow:step-name": Fault("{path}: a step cannot be called {name!r}. {reason}"),
    "flow:dead-end": Fault("{path}: nothing follows. Add {name!r}, or make this an `end`."),
    "flow:unknown-step": Fault("{path}: there is no step {name!r}.{hint}"),
    "flow:unknown-flow": Fault("{path}: there is no flow {name!r}.{hint}"),
    "flow:unknown-action": Fault("{path}: there is no action {name!r}.{hint}"),
    "flow:unknown-outcome": Fault("{path}: it never comes out as {name!r}.{hint}"),
    "flow:missing-outcome": Fault("{path}: it may also come out as {names}. Say what follows then."),
    "flow:missing-language": Fault("{path}: there is no text in {names}."),
    "flow:unknown-language": Fault("{path}: there is no language {name!r} here, only {languages}."),
    "flow:slot": Fault("{path}: {slot!r} cannot be read. Braces hold a name, or a name, a colon and a format."),
    "flow:unknown-format": Fault("{path}: there is no format {name!r}.{hint}"),
    "flow:unknown-slot": Fault("{path}: nothing in this flow provides {name!r}, and it is no phrase.{hint}"),
    "flow:unspeakable": Fault("{path}: {name!r} is a text that nobody recorded. Give it a format, or write it under `sms` alone."),
    "flow:condition": Fault("{path}: {part!r} cannot be read as a condition. Write `name`, `not name` or `name == word`, joined by `and`."),
    "flow:unknown-name": Fault("{path}: nothing in this flow provides {name!r}.{hint}"),
    "flow:branch-end": Fault("{path}: the last way of a branch must have no `when`, so that there is always one."),
    "flow:branch-early": Fault("{path}: only the last way of a branch may do without `when`; those behind it are never taken."),
    "flow:unreachable": Fault("{path}: no way leads to this step."),
    "flow:endless": Fault("{path}: this leads back to {name!r} without ever waiting for the caller."),
    "flow:words": Fault("{path}: {fault}"),
    "flow:secret": Fault("{path}: a PIN is never read back."),
    "flow:unknown-intent": Fault("{path}: keywords.tsv has no intent {name!r}.{hint}"),
    "flow:consent-intent": Fault("{path}: {name!r} is heeded before any flow, so none may have it."),
    "flow:person-key": Fault("{path}: key 0 leads to {target!r} everywhere; no menu may give it another meaning."),
    "flow:keyword-clash": Fault("{path}: {name!r} already opens the flow {flow!r}."),
    "flow:for-member": Fault("{path}: {name!r} is about a member's own affairs. Write `for: member` at the top of this flow."),
    "flow:gate": Fault("{path}: the flow {name!r} must be for anyone and not private, or nobody could ever reach it."),
    # transcripts and the usability budget
    "transcript:shape": Fault("{title!r} must be a list of lines, each after a dash; docs/transcripts.md shows one."),
    "transcript:line": Fault("This must be one line: a sentence, or a verb, a colon and a text (in quotes if it holds a colon).{hint}"),
    "transcript:unknown-line": Fault("Nobody can play {line!r}.{hint} docs/transcripts.md lists all lines."),
    "transcript:malformed": Fault("After `{verb}` something else is expected: `{example}`."),
    "transcript:too-late": Fault("{line!r} must stand before anybody does something."),
    "transcript:too-early": Fault("{line!r} stands before anybody did something. Begin with `caller +9779720000001 calls`."),
    "transcript:nobody": Fault("Nobody is named who does this. Write her number, as `caller +9779720000001 calls`."),
    "transcript:given": Fault("{given!r} cannot be set up. Write it as one of these: {forms}."),
    "transcript:impossible": Fault("Nobody can do that here: {reason}."),
    "transcript:none": Fault("There are no transcripts in {folder}."),
    "budget:malformed": Fault("{reason}"),
    "flow:many-options": Fault("{path}: {options} keys are named; nobody keeps more than {most} in mind. Leave the others to `more`."),
    "flow:long-option": Fault("{path}: it takes {seconds} s until the key {key} is named; an option should take {most} s."),
    "flow:long-prompt": Fault("{path}: this takes {seconds} s; {what} takes at most {most} s."),
    "flow:long-message": Fault(
        "{path}: this takes {segments} SMS ({units} places, {most} fit into one{culprit}). Shorten it, or add `sms`."
    ),
    # sending; what a delivery's `error` begins with
    "send:throttled": Fault("The provider took no more at that moment.", retryable=True),
    "send:unreachable": Fault("The provider could not be reached.", retryable=True),
    "send:ambiguous": Fault("The provider may or may not have taken it."),
    "send:opted-out": Fault("The person has stopped us at the provider."),
    "send:bad-number": Fault("This number does not take it."),
    "send:refused": Fault("The provider refused it."),
    "send:misconfigured": Fault("The provider refuses our account or number. Correct the settings, then resume."),
    "send:stopped": Fault("She texted STOP."),
    "send:not-hers": Fault("The number is hers no more."),
    "send:no-consent": Fault("She does not agree to messages any more."),
    "send:left": Fault("She has left the organisation."),
    "send:erased": Fault("She was erased before it went out."),
    "send:lease-over": Fault("The worker that was sending it ended; it may or may not have gone out."),
    "send:no-route": Fault("No route of channels.yaml takes this to her number. Add one for her operator or country."),
    "send:no-channel": Fault("The number over which it was to go is not in use any more, and the organisation has no other."),
    "send:unresolved": Fault("It may or may not have gone out, and the provider does not know. A person decides."),
    "send:closed": Fault("It may or may not have gone out; a person decided not to send it again."),
    "send:internal": Fault("It could not be put together; the log says why."),
    "audience:unknown": Fault("There is no {what} {value!r}.{hint}"),
    "audience:incomplete": Fault("{field} needs {wanted}."),
    "list:unknown": Fault("There is no list {list!r}. There are: {known}."),
    "list:title": Fault("A list needs a title of 1 to {most} characters."),
    "list:column": Fault("There is no column {column!r} in the file. Its heading names: {known}."),
    "list:needed": Fault("The list {title!r} is needed by the broadcast {broadcast!r}. Cancel that one, or wait until it is over."),
    # broadcasts
    "broadcast:unknown": Fault("There is no broadcast {id}. `gateway broadcast list` shows them."),
    "broadcast:empty": Fault("There is nothing to say. Give a text in a language, or for a call a phrase, recorded words or a flow."),
    "broadcast:several-sayings": Fault("A call says one thing: a phrase, recorded words, or a flow. Give one of them."),
    "broadcast:needs-text": Fault("Who gets a text needs a text. Give one in a language, or send calls alone."),
    "broadcast:needs-voice": Fault(
        "Who gets a call needs something to hear. Give a phrase, recorded words or a flow, or send texts alone."
    ),
    "broadcast:braces": Fault("In the text in {language}, {part} is no slot. The slots are {known}."),
    "broadcast:unknown-slot": Fault("In the text in {language}, there is no slot {slot}.{hint} The slots are {known}."),
    "broadcast:slot-format": Fault("The slot {slot} cannot be written so; its format is {formats}."),
    "broadcast:no-notice": Fault("The text in {language} tells of a notice, and this broadcast is about none. Name the notice."),
    "broadcast:unknown-notice": Fault("There is no notice {id}."),
    "broadcast:notice-lacks": Fault("The notice has no {what} in {language}. Take {slot} out of the text, or add it to the notice."),
    "broadcast:unknown-saying": Fault("There are no recorded words {id}."),
    "broadcast:not-recorded": Fault("These words are recorded in no language. Record them first."),
    "broadcast:unknown-flow": Fault("There is no flow {flow!r}.{hint}"),
    "broadcast:silent-flow": Fault("The flow {flow!r} says nothing in {language}. A flow for calls has a prompt in each language."),
    "broadcast:when": Fault("{fault}"),
    "broadcast:past": Fault("{begins} is over; it is {now} in Nepal. Give a time to come, or none: then it goes out when it is approved."),
    "broadcast:too-late": Fault(
        "It would begin on {begins}, when it is pointless already ({expires}). Begin earlier, or let it hold longer."
    ),
    "broadcast:over-budget": Fault(
        "It costs Rs {price}, Rs {missing} more than its budget of Rs {budget}. Say it shorter, to fewer, or give it a larger budget."
    ),
    "broadcast:over-month": Fault(
        "It costs Rs {price}, and of the budget for {month} Rs {left} is left: Rs {missing} is missing. Say it shorter or to fewer, "
        "begin next month, or let an admin raise the budget with `gateway sending set --monthly-budget`."
    ),
    "broadcast:same-person": Fault(
        "You have approved this broadcast. It goes to {recipients} members, more than {above}: a second person must approve it."
    ),
    "broadcast:heads-up": Fault("A text before the call needs a call."),
    "broadcast:nobody-answers": Fault("Say by name who answers for sending in quiet hours."),
    "broadcast:test-number": Fault("A test goes to an ordinary phone in Nepal, such as 9841234567."),
    "broadcast:test-at-night": Fault("Nothing goes out in quiet hours, a test neither. Try again after {opens}."),
    "broadcast:too-many-tests": Fault("There were {most} tests today; that is all for one day."),
    "sending:value": Fault("{name} must be {wanted}."),
    "sending:row": Fault("{fault}"),
    "sending:no-rest-day": Fault("{day} is no rest day. `gateway sending rest-days list` shows them."),
    "broadcast:unknown-language": Fault("There is no language {language!r}. Known are {known}."),
    "broadcast:unknown-phrase": Fault("There is no phrase {phrase!r} in flows/phrases.yaml.{hint}"),
    "broadcast:no-clip": Fault("The phrase {phrase!r} has no clip in {language}. Run `gateway prompts build`, or record it."),
    "broadcast:too-long": Fault("The text in {language} takes {segments} segments; at most {most} arrive in one piece on every phone."),
    "broadcast:no-recipients": Fault("Nobody would get it: {left_out}."),
    "broadcast:not-possible": Fault("This broadcast is {state} and cannot be {wanted}."),
    "broadcast:changed": Fault("Somebody changed this broadcast meanwhile. Look at its plan once more before you approve it."),
    "broadcast:nothing-held": Fault("Nothing of this broadcast waits for a person's decision."),
    "broadcast:cancelled": Fault("The broadcast was cancelled before it went out."),
    "broadcast:expired": Fault("It was pointless by the time it could go out."),
    # notices
    "notice:unknown": Fault("There is no notice {id}. `gateway notices list` shows them."),
    "notice:kind": Fault("There is no kind of notice {kind!r}. There are: {known}."),
    "notice:kind-stays": Fault("This is a {kind}, and stays one. Cancel it, and publish another notice."),
    "notice:incomplete": Fault("A notice of the kind {kind} needs {what}."),
    "notice:twice": Fault("Say it with a phrase or with words of your own, not with both."),
    "notice:past": Fault("It must begin in the future, and end after it began."),
    "notice:unknown-saying": Fault("The organisation has no words of its own {id}. `gateway sayings list` shows them."),
    "notice:not-recorded": Fault("The words {id} are not recorded in any language, so that no caller could hear them."),
    "notice:over": Fault("The notice {id} is over or was cancelled."),
    "notice:changed": Fault("Somebody changed the notice {id} meanwhile. Look at it once more, then decide."),
    "lesson:unknown": Fault("There is no lesson {lesson!r}. `gateway lessons list` shows them."),
    "survey:unknown": Fault("There is no survey {flow!r}.{hint} `gateway surveys list` shows them."),
    "testimony:unknown": Fault("There is no testimony {id}. `gateway testimonies list` shows them."),
    "testimony:decided": Fault("This testimony is {state} already."),
    "testimony:not-there": Fault("The recording has not come yet, or could not be had."),
    "testimony:words": Fault("Write down 1 to {most} characters."),
    "notice:no-attendance": Fault("To news nobody comes."),
    "webhook:no-length": Fault("The request has no Content-Length, so that nobody could tell whether all of it came."),
    "webhook:too-large": Fault("The request is larger than any that a provider sends."),
    "webhook:not-a-form": Fault("The request is not a form (application/x-www-form-urlencoded)."),
    "receive:busy": Fault("Too many workers answered the same person at once.", retryable=True),
    "phone:document": Fault("A provider would not understand our answer: {reason}."),
    "phone:refused": Fault("The gateway answered {status}. Its log says why.", retryable=True),
    "phone:no-call": Fault("This call is over. Ring again."),
    "phone:number": Fault("Here you can ring from the sample numbers alone, +97797200000 and two digits."),
    "phone:unknown": Fault("There is no phone in the browser here. GATEWAY_PHONE=yes switches it on."),
    "phone:no-line": Fault("No number of ours can be rung from the browser: that takes one at Twilio, or at a server that speaks like it."),
    "phone:denied": Fault("Sign in as an organiser to use the phone: its calls write real records."),
    "phone:no-microphone": Fault("Speaking can be tried with the simulator alone."),
    "conversation:unknown": Fault("There is no such call."),
    "call:no-missed-calls": Fault(
        "No number of this installation calls back who rings. Set GATEWAY_MISSED_CALLS=yes, or write missed_calls: true at a channel."
    ),
    "call:not-ringing": Fault(
        "No call to this phone is ringing. After a missed call wait ten seconds, while workers run; else send a broadcast with --voice."
    ),
    # what is taken in from files
    "import:heading": Fault("{reason}"),
    "import:not-utf-8": Fault(
        "The file is not UTF-8 at byte {position}. Save it as CSV UTF-8; Nepali in an old font such as Preeti must be converted first."
    ),
    "import:keys": Fault("Some phones still rest on an earlier SECRET_KEY and would not be found. Run `gateway keys rotate` first."),
    "export:form": Fault("A table is written as {forms}: let the name of the file end so."),
    "import:kind": Fault("There is no kind of file {kind!r}. Known are {known}."),
    "import:empty": Fault("There is nothing in the file, not even a heading."),
    "import:no-file": Fault("This is no file that can be read."),
    "import:too-large": Fault("The file has {size}; at most {most} are taken. Divide it."),
    "import:not-a-table": Fault("This is {found}. Save the table as CSV UTF-8 or as XLSX, and give it that name."),
    "import:damaged": Fault("The workbook cannot be read: {reason}."),
    "import:running": Fault("This file is being taken in by another process. `gateway imports list` shows how far it is.", retryable=True),
    "import:finished": Fault("This file was taken in already, on {day}: {added} added, {changed} changed. Add --again to compare it anew."),
    "import:unknown": Fault("There is no import {id}. `gateway imports list` shows them."),
    # people and records
    "member:pin": Fault("A PIN has {digits} digits, and is not one that is guessed first (1111, 1234)."),
    "member:other-number": Fault("This is not her number, so that nothing was done."),
    "member:invalid": Fault("{field} must be {wanted}."),
    "member:no-name": Fault("Nobody is written down without a name."),
    "member:no-consent": Fault("Nobody is registered who did not agree. Say how she agreed (consent_how), and to what (consent_wording)."),
    "member:changed": Fault("Somebody changed this member meanwhile. Look at her again, then repeat your change."),
    "member:already": Fault("A member of this name has this phone already. Look for her by phone."),
    "member:left": Fault("This member has left."),
    "phone:already": Fault("Another member has this phone already. If they share it, say so (--shares-phone), else check the number."),
    "phone:not-hers": Fault("This member does not have this phone."),
    "user:unknown": Fault("There is no user {id}. `gateway users list` shows them."),
    "user:no-collector": Fault("{id} is no active collector of this organisation."),
    "user:role": Fault("There is no role {role!r}. Known are {known}."),
    "user:sign-in": Fault("A name to sign in with has {least} to {most} letters, digits or marks."),
    "user:taken": Fault("Somebody signs in with this name already. Choose another one."),
    "user:no-sign-in": Fault("She has no name to sign in with yet."),
    "user:oneself": Fault("You cannot take your own rights away. Another admin can."),
    "user:already": Fault("This member is a user already."),
    "organisation:id": Fault("{id!r} is no id. Take small letters, digits and hyphens, at most 36, a letter first: mahila-sangh."),
    "organisation:already": Fault("There is an organisation {id!r} already."),
    "channel:in-the-file": Fault(
        "Numbers stand in the file of channels here. Add the organisation without one, then a channel with `organisation: {id}` to it."
    ),
    "channel:already": Fault("This number belongs to another organisation already."),
    "task:named": Fault("Member {number} is written down already. Listen whose name it is, do what is to be done, and tick the task off."),
    "task:no-member": Fault("She hung up before she was registered: nobody agreed yet. Call her back and register her."),
    "task:no-phone": Fault("The number was withheld: nobody can ring or write to it."),
    "task:stopped": Fault("This phone asked for no more texts. Call her instead."),
    "task:answer": Fault("An answer has 1 to {most} characters."),
    "task:no-recording": Fault("The recording is not here: it has not come yet, or is kept no longer."),
    "task:unknown": Fault("There is no open task {id}. `gateway tasks list` shows those that are open."),
    "member:unknown": Fault("There is no member {number}. Check the number, or look for her by phone."),
    # claims
    "claim:unknown": Fault("There is no claim {claim}. `gateway claims list` shows them."),
    "claim:changed": Fault("Somebody changed claim {number} meanwhile. Look at it once more, then decide."),
    "claim:not-possible": Fault("Claim {number} is {state} and cannot become {wanted}. It can become: {possible}."),
    "claim:incomplete": Fault("A claim that becomes {state} needs {what}."),
    "claim:superfluous": Fault("A claim that becomes {state} has no {what}. Leave it out."),
    "claim:kind": Fault("There is no kind of claim {kind!r}. There are: {known}."),
    "claim:reason": Fault("There is no reason {reason!r}. There are: {known}."),
    "claim:paper": Fault("There is no paper {paper!r} here. There are: {known}."),
    "claim:amount": Fault("An amount is more than nothing and at most 100 crore rupees."),
    "claim:date": Fault("The date of {what} must lie {bounds}."),
    "claim:note": Fault("A note has at most {most} characters."),
    "claim:reference": Fault("The insurer's reference has 1 to 40 characters."),
    "claim:already": Fault("The insurer's reference {reference} is that of claim {number} already."),
    "claim:open-already": Fault("A {kind} claim of hers is open already ({number}). Add --again if this is another one."),
    "contribution:none-ticked": Fault("Nothing was ticked."),
    "contribution:unknown": Fault("There is no entry {reference}. `gateway contributions list` shows them."),
    "contribution:already": Fault("{amount} for {month} is noted already ({reference}). Add --again if it was paid twice."),
    "contribution:range": Fault("{amount} is not what a member pays at once: from {least} to {most} rupees. Check the amount."),
    "contribution:reason": Fault("Write with --note why the entry is taken back; it is kept sealed."),
    "contribution:not-awaited": Fault(
        "From the government {amount} is not awaited for member {number}, {scheme}, {month}, but {awaited}. "
        "Check --scheme and --month; `gateway contributions standing {number}` shows what she paid."
    ),
    "contribution:changed": Fault("Entry {reference} is {state}, so it cannot be {wanted}.{remedy}"),
    "contribution:amount": Fault("{value!r} is no amount that was paid. Write rupees, as 300 or 1,250.50."),
    "contribution:month": Fault("{value!r} is no month in which somebody may pay. Write a Bikram Sambat month, as 2083-08."),
    "receipt:already": Fault("Receipt {receipt} belongs to entry {reference} already."),
    "scheme:unknown": Fault("There is no scheme {scheme!r}. `gateway schemes list` shows them."),
    "scheme:invalid": Fault("{key}: this must be {wanted}."),
    "scheme:closed": Fault("Nobody pays into {scheme!r} any more after {month}: it was closed."),
    "scheme:changed": Fault("The scheme {scheme!r} has another schedule already. Give the new one another code."),
    "enrolment:already": Fault("Member {number} pays into {scheme!r} already."),
    "enrolment:unknown": Fault("Member {number} does not pay into {scheme!r}."),
    "phone:invalid": Fault("{value!r} is not a phone number that can be called. Write it as +977 98..., or with ten digits."),
    "service:kind": Fault("{kind!r} cannot be a kind of service: {reason}."),
    "service:number": Fault(
        "The number cannot be read; write a line with the code of its area, as 01-4200105, and others as 1098 or 1660-01-22222."
    ),
    "service:name": Fault("A name has 1 to {most} characters."),
    "service:saying": Fault("There are no recorded words {id}. `gateway sayings list` shows them."),
    "service:unknown": Fault("There is no service {id}. `gateway services list` shows them."),
    "place:choose": Fault("Several places are called so. Choose one of them."),
    "place:unknown": Fault("There is no place {place!r}. Find its code by its name: `gateway places WORDS`."),
    "place:several": Fault("Several places are called {place!r}: {near}. Write the district with it, or the code."),
    "place:no-such-name": Fault(
        "No province, district or municipality is called {place!r}. The names most like it: {near}. "
        "For a village, give the municipality in which it lies."
    ),
    "backup:no-program": Fault("{program} is not on this machine. Install PostgreSQL's client programs of the server's version."),
    "backup:failed": Fault("{program} did not finish: {reason}"),
    "backup:none": Fault("{folder} is no backup that `gateway backup` finished."),
    "backup:damaged": Fault("{file} is not as it was written: its checksum differs. Take another backup."),
    "backup:other-database": Fault("This is a backup of {kind}, and DATABASE_URL names another kind of database."),
    "backup:in-the-way": Fault("{file} is there already. Stop the gateway, move it away, and restore once more."),
    "audit:head": Fault("A head is written as NUMBER:HEX, as `gateway audit head` prints it."),
    "keys:left": Fault("{number} values still rest on another key. Run it again; docs/trust.md says what else may be the reason."),
    # statistics
    "statistics:unknown": Fault("There is no table {name!r}. `gateway statistics list` shows them."),
    "statistics:filter": Fault("The table {name!r} cannot be narrowed by {filter}."),
    "statistics:month": Fault("{month!r} is no month. Write it in Bikram Sambat, as 2083-08, the first before the last."),
    "report:text": Fault("{file}: {reason}"),
    "phone:not-stale": Fault("Nobody said that this phone is hers no longer, so there is nothing to restore."),
    # language
    "calendar:moment": Fault("Write {written!r} as 2026-12-01 11:00, or the day in Bikram Sambat, as 2083-08-15 11:00."),
    "calendar:no-day": Fault("There is no day {date} in the Bikram Sambat calendar."),
    "calendar:hour": Fault("{written!r} is no hour of the day. Write it as 8:00 or 14:30."),
    "calendar:outside": Fault("{date} lies outside {first} to {last}, the Nepali years in gateway/core/calendar.py. Add the year there."),
    "language:unknown": Fault("There is no language {language!r}. Known are {known}."),
    "language:format": Fault("There is no format {format!r}. Known are {known}."),
    "language:value": Fault("{expected} is needed: the value cannot be said."),
    "keywords:malformed": Fault("{fault}"),
    # clips
    "audio:unknown-clip": Fault("There is no such clip."),
    "audio:unknown-name": Fault(
        "{file} is not the name of a clip in {language}.{hint} `gateway prompts script {language}` lists the names."
    ),
    "audio:twice": Fault("{file} and {other} are both for the clip {clip}. Leave the better one."),
    "audio:unreadable": Fault("{file} cannot be used: {reason}. Record it again as WAV, MP3, Ogg, FLAC or M4A."),
    "audio:silent": Fault("Nothing is heard in {file}. Record it again, nearer to the microphone."),
    "audio:clipped": Fault("{file} rattles: it was too loud for the microphone. Record it again, a hand further away."),
    "audio:long-name": Fault("{file} lasts longer than {seconds} seconds. Record her name alone."),
    "audio:no-decoder": Fault("The package that reads recordings is not installed. Run `pip install av`."),
    "saying:unknown": Fault("There is no saying {id}. `gateway sayings list` shows them."),
    "saying:text": Fault("A saying needs words in a language, at most {most} characters."),
    "saying:language": Fault("This saying has no words in {language!r}, only in {known}."),
    "saying:too-long": Fault("The recording lasts {seconds} s; a message may last {most} s. Say less."),
    "saying:not-recorded": Fault("This saying is not recorded in {language!r} yet."),
    "saying:sent": Fault("A broadcast with these words was approved, so that they stay as they are. Add a new saying instead."),
    "saying:used": Fault("A broadcast, a notice or the directory says this, so that it stays."),
    "saying:numbers-spent": Fault("All numbers of sayings are given out. Remove some that nothing uses."),
    "studio:unknown-number": Fault("There is no clip with the number {number}. `gateway prompts script LANGUAGE` lists them."),
    "studio:nothing-waiting": Fault("No recording of {number} waits for approval. `gateway prompts waiting` lists those that do."),
    "studio:not-there": Fault("The recording of {number} has not come from the provider yet. Try again in a few minutes.", retryable=True),
    "prompt:unknown": Fault("No flow says this any more."),
    "prompt:no-recording": Fault("There is no recording yet. Record it here, or choose a file."),
    "prompt:conflict": Fault("Somebody decided about this recording already, or it is kept no longer."),
    "prompt:denied": Fault("All organisations here use these clips: somebody of the first one decides which recording is heard."),
    "audio:numbers": Fault("This line is no number with its clip. Restore the file from your backup; printed scripts rely on it."),
    "audio:numbers-spent": Fault("All numbers for clips are spent. Remove lines of clips that no flow uses from numbers.tsv."),
    "audio:manifest": Fault("The manifest cannot be read: {reason}. Restore it, or delete it and run `gateway prompts build`."),
    "audio:no-voice": Fault("The placeholder voice is not installed. Run `pip install espeakng-loader`, or take in recordings instead."),
}


class GatewayError(Exception):
    """A fault that somebody can act on.

    `code` is `area:kind` and must stand in `CATALOGUE`; `where` names the place (`file:line:column`, a field, a provider's own
    code); the other keywords fill the sentence.
    """

    def __init__(self, code: str, *, where: str = "", **values: object) -> None:
        fault = CATALOGUE[code]
        self.code = code
        self.where = where
        self.retryable = fault.retryable
        self.values = values
        self.sentence = fault.sentence.format(**values)
        super().__init__(self.sentence)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.sentence} [{self.code}]"
