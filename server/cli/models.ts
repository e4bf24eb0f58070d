/** `npm run models`: the speech models of the embedded engine. */
import { readModelSettings, SettingsError } from '../config/settings.ts'
import { runModelsCommand } from '../models/command.ts'

try {
  process.loadEnvFile('.env')
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
try {
  const { modelsDir, modelsUrl } = readModelSettings(process.env)
  process.exitCode = await runModelsCommand(process.argv.slice(2), {
    dir: modelsDir, baseUrl: modelsUrl?.href,
    out: text => process.stdout.write(text),
    // Lines that overwrite themselves are for a terminal; a file gets one for each tenth.
    overwrites: process.stdout.isTTY === true,
  })
} catch (error) {
  if (!(error instanceof SettingsError)) throw error
  process.stderr.write(`kaiwa: ${error.message}\n`)
  process.exitCode = 1
}
