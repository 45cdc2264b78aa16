import { describe, expect, test } from 'vitest'
import { markup, trusted } from './markup.ts'

describe('markup', () => {
  test('escapes every text, in elements and in attributes', () => {
    const name = `"><script>alert('&')</script>`
    expect(markup`<b title="${name}">${name}</b>`.markup).toBe(
      '<b title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;">&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</b>',
    )
  })

  test('takes a piece, a list and a number as they are, and nothing for nothing', () => {
    expect(markup`<p>${[markup`<i>${'<'}</i>`, 1, null, false, undefined, ['>']]}</p>`.markup).toBe(
      '<p><i>&lt;</i>1&gt;</p>',
    )
    expect(trusted('a > b').markup).toBe('a > b')
  })

  test('shows characters that HTML forbids as unreadable, and keeps line breaks', () => {
    expect(markup`${'a\u0000b\u001Bc\u0085d\te\nf\r\n'}`.markup).toBe('a\uFFFDb\uFFFDc\uFFFDd\te\nf&#13;\n')
  })
})
