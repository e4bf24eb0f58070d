import { createI18n } from 'vue-i18n'
import { en } from '../i18n/en.ts'

/** Texts are compiled to a tree, not to code: no eval, so `script-src 'self'` holds. */
export default defineNuxtPlugin(({ vueApp }) => {
  vueApp.use(createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: { en } }))
})
