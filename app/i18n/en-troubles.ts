import type { Trouble } from '../voice/call.ts'

export interface TroubleText {
  /** The state word: short, it stands at now. */
  word: string
  title: string
  body: string
  /** What to do, in order. */
  steps: { title: string, text: string }[]
}

/** Blocked microphones are allowed again in a different place in each browser. */
export type MicrophoneSteps = 'chrome' | 'edge' | 'firefox' | 'safari' | 'ios'

const comeBack = { title: 'Come back here', text: 'Press Try again. No reload is needed.' }

export const microphoneSteps: Record<MicrophoneSteps, TroubleText['steps']> = {
  chrome: [
    { title: 'Open the site settings', text: 'Select the icon left of the address.' },
    { title: 'Turn on Microphone', text: 'The switch is in the panel that opens.' },
    comeBack,
  ],
  edge: [
    { title: 'Open the site permissions', text: 'Select the lock left of the address, then Permissions for this site.' },
    { title: 'Set Microphone to Allow', text: 'It is in the list that opens.' },
    comeBack,
  ],
  firefox: [
    { title: 'Find the crossed-out microphone', text: 'It is left of the address.' },
    { title: 'Lift the block', text: 'Select the × beside “Blocked”, in the panel that opens.' },
    { title: 'Come back here', text: 'Press Try again and choose Allow.' },
  ],
  safari: [
    { title: 'Open Settings for This Website', text: 'It is in the Safari menu.' },
    { title: 'Set Microphone to Allow', text: 'Then close the panel.' },
    comeBack,
  ],
  ios: [
    { title: 'Open Website Settings', text: 'Tap the button at the side of the address, then Website Settings.' },
    { title: 'Set Microphone to Allow', text: 'If it isn’t listed, open the Settings app and allow the microphone for your browser.' },
    comeBack,
  ],
}

/** One text for each code; `steps` of a denied microphone come from `microphoneSteps`. */
export const troubles: Record<Trouble['code'], TroubleText> = {
  mic_denied: {
    word: 'Mic blocked',
    title: 'Your browser blocks the microphone',
    body: 'Kaiwa asked for it and the answer was no for this site. Until that changes you can type, and Kaiwa answers in writing and aloud.',
    steps: [],
  },
  mic_missing: {
    word: 'No mic',
    title: 'No microphone was found',
    body: 'Nothing on this device can record. You can type meanwhile, and Kaiwa answers in writing and aloud.',
    steps: [
      { title: 'Connect a microphone', text: 'A headset works well: it keeps Kaiwa’s voice out of yours.' },
      { title: 'Check that it is switched on', text: 'Look in your system’s sound settings.' },
      { title: 'Come back here', text: 'Press Try again.' },
    ],
  },
  mic_busy: {
    word: 'Mic in use',
    title: 'Another program is using the microphone',
    body: 'The microphone is there, but it could not be opened. You can type meanwhile.',
    steps: [
      { title: 'Close the other program', text: 'Often it is a video call, sometimes in another tab.' },
      { title: 'Come back here', text: 'Press Try again.' },
    ],
  },
  mic_failed: {
    word: 'Mic failed',
    title: 'The microphone stopped',
    body: 'It was unplugged, or the system took it away. What you said until then was sent. You can type meanwhile.',
    steps: [
      { title: 'Check the connection', text: 'Plug it in again, or choose another one in the sound settings.' },
      { title: 'Come back here', text: 'Press Try again.' },
    ],
  },
  insecure_page: {
    word: 'Not secure',
    title: 'Browsers lend the microphone to secure pages only',
    body: 'This page came over plain HTTP from another machine. You can type, and Kaiwa answers in writing and aloud.',
    steps: [
      { title: 'Use the HTTPS address', text: 'Ask whoever runs this server; it needs a certificate, or a proxy that has one.' },
      { title: 'Or open it where it runs', text: 'On that machine, http://localhost counts as secure.' },
    ],
  },
  audio_blocked: {
    word: 'Sound blocked',
    title: 'Your browser holds the sound back',
    body: 'It wants one more click before a page may play sound. The answer is in writing below.',
    steps: [
      { title: 'Press Try again', text: 'That click is the permission.' },
      { title: 'If it happens often', text: 'Allow sound or autoplay for this site in the browser’s settings.' },
    ],
  },
  audio_lost: {
    word: 'Sound lost',
    title: 'The sound has stopped',
    body: 'A phone call, another app or a change of headphones took it from this page. The call goes on, and the rest of the answer waits.',
    steps: [
      { title: 'Touch the page', text: 'A click, tap or key lets the browser try again.' },
      { title: 'If it stays silent', text: 'Check which speaker your system plays on, and end what else uses it.' },
    ],
  },
  audio_failed: {
    word: 'No sound',
    title: 'The sound could not be started',
    body: 'The speaker or headphones could not be opened. You can type, and read the answers.',
    steps: [
      { title: 'Check the output', text: 'Choose a speaker in your system’s sound settings.' },
      { title: 'Come back here', text: 'Press Try again.' },
    ],
  },
  webrtc_failed: {
    word: 'No WebRTC',
    title: 'WebRTC didn’t get through',
    body: 'You chose that calls go over WebRTC and no other way, and it can’t be had in this network or with this server. What was said stays on this page.',
    steps: [
      { title: 'Open Sound', text: 'It is beside the text field.' },
      { title: 'Choose Automatic under Connection', text: 'Then calls go over WebSocket where WebRTC doesn’t get through.' },
      { title: 'Come back here', text: 'Press Try again.' },
    ],
  },
  server_unreachable: {
    word: 'No server',
    title: 'This page can’t reach its server',
    body: 'The connection to Kaiwa itself is gone, so nobody can answer yet. What was said stays on this page.',
    steps: [
      { title: 'Check your connection', text: 'Is this device online? Does a VPN or proxy stand in between?' },
      { title: 'Check that the server runs', text: 'Its terminal shows the address when it does.' },
      { title: 'Come back here', text: 'Press Try again. Don’t reload, or the words are gone.' },
    ],
  },
  key_refused: {
    word: 'Key refused',
    title: 'The model’s service refused this server’s key',
    body: 'Nobody can talk until whoever runs this server sets a key that is valid.',
    steps: [
      { title: 'If you run it', text: 'Set OPENAI_API_KEY to a current key with access to Realtime, and start the server again.' },
      { title: 'If you don’t', text: 'Tell the person who does. The text below helps them.' },
    ],
  },
  quota_spent: {
    word: 'Quota spent',
    title: 'The account behind this server has no credit left',
    body: 'The model’s service answers nobody on this account until there is credit again.',
    steps: [
      { title: 'If you run it', text: 'Add credit, or raise the limit, on the service’s billing page.' },
      { title: 'Then', text: 'Press Try again. It can take a few minutes to count.' },
    ],
  },
  rate_limited: {
    word: 'Too fast',
    title: 'Too many requests at the moment',
    body: 'The model’s service slows this server down. It passes by itself.',
    steps: [{ title: 'Wait half a minute', text: 'Then press Try again.' }],
  },
  model_unavailable: {
    word: 'No model',
    title: 'The model can’t be used',
    body: 'It was retired, is misspelt, or this account has no access to it.',
    steps: [
      { title: 'If you run it', text: 'Set KAIWA_MODEL to a Realtime model that your account can use, and start the server again.' },
      { title: 'If you don’t', text: 'Tell the person who does. The text below names the model.' },
    ],
  },
  session_expired: {
    word: 'Time is up',
    title: 'This call reached its longest time',
    body: 'The service ends each session after an hour. What was said stays on this page.',
    steps: [{ title: 'Go on', text: 'Press Try again for a fresh line.' }],
  },
  server_full: {
    word: 'Server full',
    title: 'All lines are taken',
    body: 'As many calls as this server allows are going on now.',
    steps: [{ title: 'Wait a moment', text: 'Then press Try again. A line frees up when a call ends.' }],
  },
  upstream_unavailable: {
    word: 'No answer',
    title: 'The model’s service can’t be reached',
    body: 'This server is fine, but whoever should answer is not responding.',
    steps: [
      { title: 'Wait a minute', text: 'Then press Try again. Outages are mostly short.' },
      { title: 'If you run it', text: 'Check the server’s way out to the internet, and OPENAI_BASE_URL.' },
    ],
  },
  upstream_lost: {
    word: 'Line lost',
    title: 'The line broke',
    body: 'The other side is gone. What was said stays on this page; a new line starts without its memory.',
    steps: [
      { title: 'Check your connection', text: 'Is the network there? Is the server still running?' },
      { title: 'Go on', text: 'Press Try again for a fresh line.' },
    ],
  },
  budget_spent: {
    word: 'Budget spent',
    title: 'The money set aside for talking is used up',
    body: 'Whoever runs this server set a limit, so that nobody is surprised by a bill. Nothing is wrong with your line.',
    steps: [
      { title: 'Wait until the limit starts afresh', text: 'A day’s money is there again at midnight UTC.' },
      { title: 'If you run it', text: 'Raise the KAIWA_BUDGET_USD settings and start the server again.' },
    ],
  },
  call_too_long: {
    word: 'Time is up',
    title: 'The call reached its longest time',
    body: 'Whoever runs this server limits how long one call may take. What was said stays on this page.',
    steps: [{ title: 'Go on', text: 'Press Try again for a fresh line.' }],
  },
  call_idle: {
    word: 'Nobody spoke',
    title: 'The call ended because it was quiet',
    body: 'An open line costs, so a long silence ends it. What was said stays on this page.',
    steps: [{ title: 'Go on', text: 'Press Try again for a fresh line.' }],
  },
  server_draining: {
    word: 'Restarting',
    title: 'This server is being restarted',
    body: 'It takes no new calls until it is back, which is mostly a matter of a minute.',
    steps: [{ title: 'Wait a moment', text: 'Then press Try again. Don’t reload, or the words are gone.' }],
  },
  too_many_calls: {
    word: 'Too many calls',
    title: 'You are in as many calls as you may have',
    body: 'Calls in other tabs and on other devices of yours count as well.',
    steps: [
      { title: 'End another call', text: 'Or close the tab that it is in.' },
      { title: 'Come back here', text: 'Press Try again.' },
    ],
  },
  server_busy: {
    word: 'Server busy',
    title: 'This server has its hands full',
    body: 'One more call would make those that are going on stutter, so it takes none for the moment.',
    steps: [{ title: 'Wait a moment', text: 'Then press Try again. It passes by itself.' }],
  },
  model_not_priced: {
    word: 'No price',
    title: 'This model has no price here',
    body: 'Spending is limited on this server, and without a price nobody could tell when the limit is reached.',
    steps: [
      { title: 'If you run it', text: 'Name the model’s price in the file of KAIWA_PRICES, or choose another KAIWA_MODEL.' },
      { title: 'If you don’t', text: 'Tell the person who does. The text below names the model.' },
    ],
  },
  signed_out: {
    word: 'Signed out',
    title: 'You are signed out',
    body: 'It happened in another tab, or the sign-in was too long ago. What was said stays on this page.',
    steps: [
      { title: 'Sign in again', text: 'It opens in another tab when there are words here to keep.' },
      { title: 'Come back here', text: 'Press Try again.' },
    ],
  },
  access_withdrawn: {
    word: 'No access',
    title: 'You may no longer talk here',
    body: 'Your access to this server was taken back while you were on it.',
    steps: [
      { title: 'Ask', text: 'Whoever runs this server knows why, and can let you in again.' },
      { title: 'Or sign in', text: 'With an account that may talk here.' },
    ],
  },
  not_admitted: {
    word: 'Not admitted',
    title: 'This server didn’t let the page in',
    body: 'It takes calls only from people who are signed in, and only from its own address.',
    steps: [
      { title: 'Load the page again', text: 'From the address that the server prints when it starts.' },
      { title: 'If you run it', text: 'Set KAIWA_PUBLIC_URL to the address that people use.' },
    ],
  },
  engine_failed: {
    word: 'Engine failed',
    title: 'The built-in engine stopped working',
    body: 'A part of it, hearing or speaking, failed on the server.',
    steps: [
      { title: 'Press Try again', text: 'The engine starts afresh with each call.' },
      { title: 'If it fails again', text: 'Whoever runs this server finds the cause in its log.' },
    ],
  },
  conversation_busy: {
    word: 'On already',
    title: 'A call goes on in this conversation already',
    body: 'It may be in another tab or on another device. A conversation has one call at a time.',
    steps: [
      { title: 'End the other call', text: 'Or wait a moment, if it was cut off just now.' },
      { title: 'Press Try again', text: 'It goes on from where it is then.' },
    ],
  },
  conversation_gone: {
    word: 'Not there',
    title: 'This conversation can’t be continued',
    body: 'It was deleted meanwhile, or what it was to go on from was removed.',
    steps: [{ title: 'Start a new conversation', text: 'The button is in the menu on the left.' }],
  },
  bad_request: {
    word: 'Refused',
    title: 'The other side didn’t accept what was sent',
    body: 'The page and the server may be of different versions.',
    steps: [
      { title: 'Load the page again', text: 'That brings both to the same version.' },
      { title: 'If it stays', text: 'The Events tab in Details shows what was refused.' },
    ],
  },
  server_error: {
    word: 'Server error',
    title: 'The server met an error it did not expect',
    body: 'The call is over; what was said stays on this page.',
    steps: [
      { title: 'Press Try again', text: 'A fresh line often works.' },
      { title: 'If it stays', text: 'Whoever runs this server finds the cause in its log.' },
    ],
  },
}
