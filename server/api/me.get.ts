import { defineEventHandler } from 'h3'
import { answerWith } from '../auth/answer.ts'
import { answerMe } from '../auth/sign-in-request.ts'

export default defineEventHandler(event => answerWith(event, answerMe))
