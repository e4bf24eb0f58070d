import { defineEventHandler } from 'h3'
import { answerWith } from '../../../sign-in-answer.ts'
import { answerOidcDeparture } from '../../../auth/sign-in-request.ts'

export default defineEventHandler(event => answerWith(event, answerOidcDeparture))
