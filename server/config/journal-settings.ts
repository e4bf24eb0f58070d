import { httpUrl, oneOf, word, type Environment, type Read } from './setting-kinds.ts'

/** What is kept of conversations, and where voices go. */
export interface JournalSettings {
  /** `text`: no voices. `none`: nothing at all. */
  keeps: 'all' | 'text' | 'none'
  /** Undefined: voices stay in the data folder. Who may write there says the SDK's own environment (`AWS_ACCESS_KEY_ID` and the like). */
  audioS3: AudioS3Settings | undefined
  /**
   * Who gives titles: the model that answered, when a call is over, or nobody but the first words. Undefined: the model, where it isn't the
   * embedded engine's own.
   */
  titles: 'model' | 'words' | undefined
}

export interface AudioS3Settings {
  bucket: string
  /** Of something that isn't Amazon's: MinIO, R2. */
  endpoint: URL | undefined
  region: string
}

/** @throws SettingsError */
export function readJournal(read: Read): JournalSettings {
  const bucket = read('KAIWA_AUDIO_S3_BUCKET', word('a bucket\'s name'), undefined)
  const endpoint = read('KAIWA_AUDIO_S3_ENDPOINT', httpUrl('the http or https address of an S3 service'), undefined)
  const region = read('KAIWA_AUDIO_S3_REGION', word('a region such as eu-central-1'), 'us-east-1')
  return {
    titles: read('KAIWA_TITLES', oneOf(['model', 'words']), undefined),
    keeps: read('KAIWA_STORE', oneOf(['all', 'text', 'none']), 'text'),
    audioS3: bucket === undefined ? undefined : { bucket, endpoint, region },
  }
}

/** What was set and does nothing. */
export function journalNotices(env: Environment, { keeps, audioS3 }: JournalSettings): string[] {
  const names = ['KAIWA_AUDIO_S3_BUCKET', 'KAIWA_AUDIO_S3_ENDPOINT', 'KAIWA_AUDIO_S3_REGION'].filter(name => env[name]?.trim())
  if (names.length === 0) return []
  if (!audioS3) return names.map(name => `${name} has no effect without KAIWA_AUDIO_S3_BUCKET.`)
  return keeps === 'all' ? [] : [`KAIWA_AUDIO_S3_BUCKET has no effect for new conversations: voices are kept with KAIWA_STORE=all only.`]
}
