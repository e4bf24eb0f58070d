import { defineEventHandler } from 'h3'
import { answerWith } from '../../../sign-in-answer.ts'
import { answerOidcArrival } from '../../../auth/sign-in-request.ts'

export default defineEventHandler(event => answerWith(event, answerOidcArrival))
