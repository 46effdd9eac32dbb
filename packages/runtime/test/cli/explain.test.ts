import { expect, test } from 'vitest'
import { explainError } from '../../src/explain-error.js'
import { jsonLines, zk } from './zk.js'

test('zk explain prints the page of a code, in any case', async () => {
  const page = explainError('ZK_TOPIC_NOT_FOUND')!
  expect(await zk('explain', 'zk_topic_not_found')).toEqual({ code: 0, stdout: `${page}\n`, stderr: '' })
})

test('zk explain --json prints one object', async () => {
  const { code, stdout } = await zk('explain', 'ZK_FENCED', '--json')
  expect(code).toBe(0)
  expect(jsonLines(stdout)).toEqual([{ event: 'explain', code: 'ZK_FENCED', page: explainError('ZK_FENCED') }])
})

test('a code that does not exist: ZK_UNKNOWN_CODE, exit 1', async () => {
  const { code, stdout, stderr } = await zk('explain', 'ZK_NONSENSE', '--json')
  expect(code).toBe(1)
  expect(jsonLines(stdout)).toMatchObject([{ event: 'error', code: 'ZK_UNKNOWN_CODE' }])
  expect(stderr).toContain('ZK_NONSENSE')
})
