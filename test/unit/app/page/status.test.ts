import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('the call\'s state is the only status of a page: whoever looks for one finds that', () => {
  const components = readdirSync('app', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.vue'))
  const withStatus = components.filter(file => readFileSync(join('app', file), 'utf8').includes('role="status"')).sort()
  // The start has the state before there is a stage; the sign-in page has no call.
  expect(withStatus).toEqual(['components/sign-in/SignInForm.vue', 'components/stage/StateWord.vue', 'components/start/StartView.vue'])
})
