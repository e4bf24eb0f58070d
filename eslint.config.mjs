import { createConfigForNuxt } from '@nuxt/eslint-config'

/** Import boundaries: arrows point one way (ARCHITECTURE.md, "Who may import whom"). */
const refuse = (files, patterns, ignores = []) => ({ files, ignores, rules: { 'no-restricted-imports': ['error', { patterns }] } })
const framework = { group: ['vue', 'vue-*', 'nuxt', 'nuxt/*', '#imports', '#app', '#build', 'h3', 'nitropack', 'nitropack/*', '@vueuse/*', 'reka-ui'], message: 'No framework here: this code has to run without it.' }
const node = { group: ['node:*', 'ws'], message: 'packages/* must run in a worklet, a page and Node alike.' }
const server = { group: ['**/server/**'], message: 'The page never imports the server.' }
const app = { group: ['**/app/**', '~/*'], message: 'The server never imports the page.' }
const tests = { group: ['**/test/**', '**/bench/**'], message: 'Shipped code never imports tests.' }
const upward = { group: ['@kaiwa/engine'], message: 'protocol and audio know nothing of the engine.' }
const lateral = { group: ['@kaiwa/audio', '@kaiwa/protocol'], message: 'protocol and audio know nothing of each other.' }

export default createConfigForNuxt({ features: { stylistic: true } })
  .append(
    { ignores: ['**/.output/**', '**/.nuxt/**', 'data/**'] },
    {
      rules: {
        '@stylistic/max-len': ['warn', { code: 160, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreUrls: true, ignoreRegExpLiterals: true }],
        '@stylistic/max-statements-per-line': ['error', { max: 3 }],
        '@stylistic/brace-style': ['error', '1tbs', { allowSingleLine: true }],
        '@stylistic/arrow-parens': ['error', 'as-needed'],
        '@stylistic/member-delimiter-style': ['error', { multiline: { delimiter: 'none' }, singleline: { delimiter: 'comma' } }],
        '@stylistic/operator-linebreak': ['error', 'before'],
        '@stylistic/quote-props': ['error', 'as-needed'],
        'vue/max-attributes-per-line': 'off',
        'vue/singleline-html-element-content-newline': 'off',
        'vue/multi-word-component-names': 'off',
        'vue/html-self-closing': 'off',
        'vue/first-attribute-linebreak': 'off',
        'import/first': 'error',
      },
    },
    {
      files: ['**/*.ts', '**/*.vue'],
      rules: { '@typescript-eslint/no-explicit-any': 'error', '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }] },
    },
    refuse(['packages/protocol/src/**', 'packages/audio/src/**'], [framework, node, server, app, tests, upward, lateral]),
    refuse(['packages/engine/src/**'], [framework, node, server, app, tests]),
    refuse(['app/voice/**', 'app/worklets/**', 'app/history/**', 'app/replay/**'], [framework, node, server, tests]),
    refuse(['app/**'], [node, server, tests], ['app/voice/**', 'app/worklets/**', 'app/history/**', 'app/replay/**']),
    refuse(['relay', 'engine', 'models', 'cli', 'realtime', 'config', 'auth', 'policy', 'metering', 'numbers', 'brains', 'personas', 'security-headers', 'store', 'webrtc', 'journal', 'history', 'latency', 'spending'].map(folder => `server/${folder}/**`), [framework, app, tests]),
    refuse(['server/plugins/**', 'server/api/**', 'server/routes/**', 'server/middleware/**'], [app, tests]),
  )
