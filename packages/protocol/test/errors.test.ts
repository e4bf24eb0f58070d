import { expect, it } from 'vitest'
import { closeReason, errorEvent, invalidValue, missingParameter, unknownParameter, wireError, wireErrors } from '../src/errors.ts'

it('writes an error with every key, null where there is nothing to say', () => {
  expect(wireError('response_cancel_not_active', 'Cancellation failed: no active response found'))
    .toEqual({ type: 'invalid_request_error', code: 'response_cancel_not_active', message: 'Cancellation failed: no active response found', param: null, event_id: null })
})

it('puts the client\'s event id inside the error, where clients look for it', () => {
  const event = errorEvent(unknownParameter('session.voice', 'event_7'))
  expect(event).toEqual({ type: 'error', error: { type: 'invalid_request_error', code: 'unknown_parameter', message: 'Unknown parameter: \'session.voice\'.', param: 'session.voice', event_id: 'event_7' } })
})

it('lists what would have been right', () => {
  expect(invalidValue('type', 'nope', ['a', 'b']).message).toBe('Invalid value: \'nope\'. Supported values are: \'a\', \'b\'.')
  expect(missingParameter('session.type').message).toBe('Missing required parameter: \'session.type\'.')
})

it('closes with <type>.<code>', () => {
  expect(closeReason('invalid_api_key')).toBe('invalid_request_error.invalid_api_key')
  expect(wireErrors.invalid_api_key.close).toBe(3000)
  expect(wireErrors.session_expired.close).toBe(1001)
})
