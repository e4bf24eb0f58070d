import type { FindingCode } from '../voice/echo-advice.ts'
import type { CheckStep } from '../voice/echo-check.ts'

const steps: Record<CheckStep, string> = {
  microphone: 'Opening the microphone. Your browser may ask.',
  quiet: 'Quiet, please: listening to the room.',
  sound: 'Quiet, please: playing a sound and listening for it.',
  compare: 'Quiet, please: once more, without the browser’s echo cancellation.',
  line: 'Asking the server how far away it is.',
}

const findings: Record<FindingCode, { title: string, body: string }> = {
  mic_dead: {
    title: 'The microphone gives no sound at all',
    body: 'It is switched off, muted by a key or in your system’s settings. Look there, or choose another microphone.',
  },
  mic_low: {
    title: 'The microphone hears almost nothing ({db} dB)',
    body: 'Turn it up in your system’s sound settings, come closer, or choose another one.',
  },
  mic_clips: {
    title: 'The microphone is overdriven',
    body: 'About {percent} % of what it heard was cut off at the top. Turn it or the loudspeaker down.',
  },
  room_loud: {
    title: 'It is loud around you ({db} dB)',
    body: 'A headset helps most. RNNoise, under Noise, is stronger than the browser’s own filter.',
  },
  echo_none: {
    title: 'No echo found',
    body: 'The microphone doesn’t hear what Kaiwa plays. Nothing has to change.',
  },
  echo_cancelled: {
    title: 'Your browser removes the echo',
    body: 'The microphone hears the loudspeaker ({lossDb} dB weaker), and none of it is left. Nothing stands in the way of talking over Kaiwa.',
  },
  echo_faint: {
    title: 'Hardly any echo',
    body: 'What comes back is {lossDb} dB weaker than what is played, too faint to be taken for your voice.',
  },
  echo_try_loopback: {
    title: 'Kaiwa would hear itself',
    body: 'What is played comes back after {delayMs} ms, {lossDb} dB weaker, and the browser doesn’t remove it. '
      + 'Loudspeaker mode may teach it to: apply it and check again. Headphones always help.',
  },
  echo_half_duplex: {
    title: 'Kaiwa would hear itself',
    body: 'What is played comes back after {delayMs} ms, {lossDb} dB weaker. With headphones it would not. Without: let the microphone rest while Kaiwa speaks '
      + 'and {tailMs} ms longer; then only a voice clearly louder than the echo gets through.',
  },
  echo_loud: {
    title: 'The loudspeaker is very loud in the microphone',
    body: 'Turn it down, or move the microphone away from it: then you can be heard above it.',
  },
  echo_late: {
    title: 'Sound takes {delayMs} ms to come back',
    body: 'Wireless loudspeakers do that. One with a cable answers faster, and its echo is easier to remove.',
  },
  loopback_failed: {
    title: 'Loudspeaker mode is not possible here',
    body: 'This browser, or an extension in it, doesn’t let the page connect to itself, so the answer is played directly.',
  },
  line_good: { title: 'The line is fast', body: '{ms} ms to the server and back, over {transport}.' },
  line_slow: {
    title: 'The line is slow',
    body: '{ms} ms to the server and back, over {transport}: each answer comes that much later. A cable, or being closer to the router, may help.',
  },
  line_down: { title: 'The server did not answer', body: 'Check your network; a call could not be made now.' },
}

/** The echo check: what it does, what it found, what to do. */
export const echoCheck = {
  title: 'Echo check',
  says: 'Plays a short sound and listens for it, for about ten seconds. All of it stays in this page: nothing is sent or kept.',
  inCall: 'You are muted meanwhile.',
  start: 'Check now',
  again: 'Check again',
  stop: 'Stop',
  left: '{seconds} s',
  apply: 'Apply',
  undo: 'Undo',
  applied: 'Applied.',
  undone: 'As it was before.',
  wouldChange: 'Kaiwa would change:',
  tone: { good: 'Good', note: 'Note', problem: 'Problem' },
  changes: {
    loopback: 'Loudspeaker mode on',
    halfDuplex: 'Take turns strictly on',
    fullDuplex: 'Take turns strictly off',
    far_field: 'Noise reduction at the model: far',
  },
  steps, findings,
}
