import { cut, testsOf, type Defence } from './defence.ts'

const admission = 'server/realtime/admission.ts'
const budget = 'server/metering/call-budget.ts'
const siege = testsOf('test/integration/abuse-wallet.test.ts')
const budgets = testsOf('test/unit/server/metering/budgets.test.ts')
const admitting = testsOf('test/unit/server/realtime/admission.test.ts')
const faults = testsOf('test/integration/faults.test.ts')
const goodbye = testsOf('test/integration/goodbye.test.ts')

/** How much, how long, and what it costs. */
export const wallet: readonly Defence[] = [
  {
    row: 'sign-up farm, IP rotation → a cap on all together (503)',
    without: [cut(admission, 'if (house.liveCalls >= maxCalls) return', 'if (false) return')],
    tests: [siege('sign-up farm/IP rotation → global cap'), testsOf('test/integration/door.test.ts')('refuses with 503 and Retry-After when every line is busy'), admitting('turns callers away while full')],
  },
  {
    row: 'sign-up farm, IP rotation → breaker; layers: the door, and the dial',
    without: [
      cut(admission, 'if (brain.restingMs > 0) {', 'if (false) {'),
      cut('server/relay/upstream-guard.ts', 'if (retryAfterMs > 0) return { ok: false, fault: { code: \'upstream_resting\'', 'if (false) return { ok: false, fault: { code: \'upstream_resting\''),
    ],
    tests: [siege('sign-up farm/IP rotation → breaker'), testsOf('test/integration/relay-endings.test.ts')('U5: after some calls in a row nobody waits any more'), testsOf('test/unit/server/relay/circuit-breaker.test.ts')('is let rest after some failures in a row')],
  },
  {
    row: 'a secret counts for whose token made it: no number of them lifts the cap',
    without: [cut(admission, 'case \'secret\': return { person: credential.claim.person }', 'case \'secret\': return { person: { by: \'token\', id: `${Math.random()}`, name: \'x\' } }')],
    tests: [siege('a secret counts for whose token made it'), testsOf('test/integration/sign-in.test.ts')('needs its token for a secret, which then is good from anywhere and counts for the program')],
  },
  {
    row: 'secrets and tickets that nobody uses are bounded',
    without: [
      cut('server/auth/ticket.ts', 'waiting.size >= maxTickets || ', ''),
      cut('server/auth/client-secret.ts', 'if (good.size >= limits.secrets || heldChars + chars > limits.chars) return undefined', ''),
    ],
    tests: [testsOf('test/unit/server/auth/ticket.test.ts')('are bounded in number'), testsOf('test/unit/server/auth/client-secret.test.ts')('are bounded in number', 'are bounded in what their settings hold together')],
  },
  {
    row: 'a budget reaches 0 in mid-call → the call ends within 5 s',
    without: [cut(budget, 'options.onSpent(told)', '')],
    tests: [siege('budget reaches 0 mid-call → warned at 80 %', 'budget reaches 0 mid-call → a page that goes on asking'), goodbye('for its money says goodbye'), budgets('of a call warns once at 80 %, then ends the call')],
  },
  {
    row: 'a budget reaches 0 in mid-call → a spoken goodbye',
    without: [cut('server/realtime/call.ts', 'if (isPage && mayGoodbye) farewell.begin(relay, () => relay.end(fault))\n    else relay.end(fault)', 'relay.end(fault)')],
    tests: [siege('budget reaches 0 mid-call → warned at 80 %, a spoken goodbye'), goodbye('for its money says goodbye', 'for its length does the same')],
  },
  {
    row: 'a goodbye that takes longer than 5 s → cut',
    without: [cut('server/relay/farewell.ts', 'if (nowMs >= farewell.untilMs) return [{ at: \'over\' }, \'end\']', '')],
    tests: [testsOf('test/unit/server/relay/farewell.test.ts')('takes 5 s at most'), goodbye('ends after five seconds when the goodbye')],
  },
  {
    row: 'a budget at 80 % → a notice',
    without: [cut(budget, '          warn(scope)\n', '')],
    tests: [siege('budget reaches 0 mid-call → warned at 80 %'), budgets('of a call warns once at 80 %')],
  },
  {
    row: 'while a call ends, whatever is asked of it → refused',
    without: [cut('server/relay/farewell.ts', 'return state && verdict.do === \'pass\'', 'return false && verdict.do === \'pass\'')],
    tests: [goodbye('ends although the talker interrupts the goodbye'), testsOf('test/unit/server/relay/farewell.test.ts')('lets the microphone be open, and refuses everything else')],
  },
  {
    row: 'many calls at once against one day\'s budget → the overshoot is one response; layers: what is set aside, in the ledger and for the call',
    without: [
      cut('server/metering/ledger.ts', 'spent(scope, person) + reservedOf(scope, person) >= budget', 'spent(scope, person) >= budget'),
      cut(budget, '(budgets[of] ?? Infinity) - spent(of) - reserved(of)', '(budgets[of] ?? Infinity) - spent(of)'),
    ],
    tests: [siege('many concurrent calls against one daily budget'), budgets('of many calls at once is one response in all', 'of each person\'s calls is one response in all', 'of two hundred calls that answer at the same moment')],
  },
  {
    row: 'a budget that is used up → nobody is let in afterwards (429)',
    without: [cut(admission, 'return refuseForMoney(house, person)', 'return undefined')],
    tests: [siege('many concurrent calls against one daily budget', 'one person\'s day is used up'), admitting('turns away whose money is spent until midnight')],
  },
  {
    row: 'one person\'s day used up → another\'s calls go on',
    without: [cut('server/metering/metering.ts', '(of === \'everyone\' || other.person === person)', 'true')],
    tests: [budgets('of a person spans their calls')],
  },
  {
    row: 'a talker who leaves in mid-answer → charged by what the model reports',
    without: [cut('server/relay/relay.ts', 'if (upstreamCode === undefined || responses.none) return', 'if (true) return')],
    tests: [siege('a talker who leaves mid-answer is charged'), testsOf('test/unit/server/relay/settling.test.ts')('is gone at once; the answer is cancelled, and what it cost is still heard'), testsOf('test/integration/relay-endings.test.ts')('the answer is cancelled and its report awaited')],
  },
  {
    row: 'a talker who leaves, and a model that never reports → charged by estimate',
    without: [cut('server/metering/call-meter.ts', 'for (const [id, under] of [...open]) settleByEstimate(id, under)', '')],
    tests: [testsOf('test/unit/server/metering/call-meter.test.ts')('is charged by what passed when the talker leaves mid-answer')],
  },
  {
    row: 'a response that is reported twice → charged once',
    without: [cut('server/metering/call-meter.ts', 'if (done.has(id)) return\n    const tokens', 'const tokens')],
    tests: [testsOf('test/unit/server/metering/call-meter.test.ts')('is charged once, however often it is done')],
  },
  {
    row: 'an answer that outgrows what was set aside → stopped when others have the rest',
    without: [cut(budget, 'if (usedUp) end(usedUp, false)', 'if (false) end(\'call\', false)')],
    tests: [budgets('stops an answer that grows beyond what was set aside while others have the rest')],
  },
  {
    row: 'a model without a price, where money is bounded → 400',
    without: [cut(admission, 'if (house.isPriced?.(asked.model) === false) return', 'if (false) return')],
    tests: [siege('a model without a price can\'t be asked for'), admitting('turns away whose money is spent until midnight')],
  },
  {
    row: 'a budget that can\'t be kept → the server doesn\'t start',
    without: [
      cut('server/metering/open-metering.ts', 'if (isVital) throw', 'if (false) throw'),
      cut('server/metering/open-metering.ts', 'if (hasBudget(budgets) && !prices.model(brain.model)) {', 'if (false) {'),
    ],
    tests: [testsOf('test/unit/server/metering/open-metering.test.ts')('with a budget refuses to start where spending can\'t be kept', 'with a budget refuses to start with a model that has no price')],
  },
  {
    row: 'the call\'s length → a graceful end',
    without: [cut('server/realtime/call.ts', 'if (leftMs <= 0) {', 'if (false) {')],
    tests: [goodbye('for its length does the same')],
  },
  {
    row: 'descriptors run out → new callers refused (503), live calls go on',
    without: [cut(admission, 'if (house.headroom?.short !== undefined) return', 'if (false) return')],
    tests: [faults('R6: descriptors run out'), admitting('turns away whose money is spent until midnight')],
  },
  {
    row: 'the server stops → no new calls (503), calls told, closed 1001 after their turn',
    without: [cut(admission, 'if (house.draining) return', 'if (false) return')],
    tests: [faults('R1: SIGTERM with 50 live calls'), admitting('turns callers away while draining')],
  },
  {
    row: 'the server stops in the middle of a turn → the turn may end',
    without: [cut('server/realtime/calls.ts', 'nowMs >= untilMs || (nowMs - relay.activeAtMs >= PAUSE_MS && relay.openResponses.length === 0)', 'true')],
    tests: [faults('R1: SIGTERM with 50 live calls'), testsOf('test/integration/relay-endings.test.ts')('R1: fifty calls, in mid-answer or silent')],
  },
]
