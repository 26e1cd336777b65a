"""Records what the transformers library renders: python record.py > cases.json

pip install transformers==5.14.1 jinja2==3.1.6. The templates are written for this test, in the forms that published
models use; the expressions are what such templates are made of, and what goes wrong in them.
"""
import json

from transformers.utils.chat_template_utils import _compile_jinja_template, render_jinja_template

TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather <now> & \"here\" – é",
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}},
                         "required": ["city"]}}}]
CALL = {"type": "function", "id": "call00001", "function": {"name": "get_weather", "arguments": {"city": "Paris", "n": 1.5, "ok": True}}}
CONVERSATIONS = {
    "user": dict(messages=[{"role": "user", "content": "Hello!"}]),
    "prompt": dict(messages=[{"role": "user", "content": "Hello!"}], add_generation_prompt=True),
    "system": dict(messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "  Ünï 🙂\n\n<b>&'\"\\  "}], add_generation_prompt=True),
    "turns": dict(messages=[{"role": "system", "content": "S"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nh\n</think>\n\nb\n"},
                            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]),
    "tools": dict(messages=[{"role": "user", "content": "Weather?"}], tools=TOOLS, add_generation_prompt=True),
    "called": dict(messages=[{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": None, "tool_calls": [CALL]},
                             {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "{\"t\": 21.5}"}], tools=TOOLS, add_generation_prompt=True),
    "twice": dict(messages=[{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]),
    "quiet": dict(messages=[{"role": "user", "content": "x"}], add_generation_prompt=True, enable_thinking=False),
    "parts": dict(messages=[{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "image"}, {"type": "text", "text": " two"}]}], add_generation_prompt=True),
}
TEMPLATES = {
    "chatml": """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""",
    "chatml with a default system": """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""",
    "headers": """{{- bos_token }}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{%- if tools is not none and not tools_in_user_message %}{{- "Environment: ipython\n" }}{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- if tools_in_user_message and not tools is none %}
    {%- set first = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{{- '<|start_header_id|>user<|end_header_id|>\n\n' -}}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\n\n" }}
    {%- endfor %}
    {{- first + "<|eot_id|>"}}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("one call at a time") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}
        {{- '{"name": "' + call.name + '", ' }}{{- '"parameters": ' }}{{- call.arguments | tojson }}{{- "}<|eot_id|>" }}
    {%- else %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\n\n" }}
        {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}{%- else %}{{- message.content }}{%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
""",
    "turns": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set prefix = messages[0]['content'] + '\n\n' -%}
    {%- else -%}
        {%- set prefix = messages[0]['content'][0]['text'] + '\n\n' -%}
    {%- endif -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set prefix = "" -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for message in rest -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}{%- set role = "model" -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}
    {{ '<start_of_turn>' + role + '\n' + (prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}{{ '<image>' }}{%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\n'}}
{%- endif -%}
""",
    "thinking": """{%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}
    {{- "# Tools\n\n<tools>" }}
    {%- for tool in tools %}
        {{- "\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\n</tools><|im_end|>\n" }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}{%- set content = message.content %}{%- else %}{%- set content = '' %}{%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thoughts = '' %}
        {%- if message.reasoning_content is string %}
            {%- set thoughts = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set thoughts = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and thoughts)) %}
            {{- '<|im_start|>' + message.role + '\n<think>\n' + thoughts.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}{{- '\n' }}{%- endif %}
                {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
                {{- '<tool_call>\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}{{- tool_call.arguments }}{%- else %}{{- tool_call.arguments | tojson }}{%- endif %}
                {{- '}\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\n<tool_response>\n' }}{{- content }}{{- '\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}
{%- endif %}""",
    "brackets": """{%- if messages[0]["role"] == "system" %}{%- set system_message = messages[0]["content"] %}{%- set loop_messages = messages[1:] %}{%- else %}{%- set loop_messages = messages %}{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}{{- '"' + key + '": "' + val + '"' }}{%- else %}{{- '"' + key + '": ' + val|tojson }}{%- endif %}
                    {%- if not loop.last %}{{- ", " }}{%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}{{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}{%- else %}{{- "[INST] " + message["content"] + "[/INST]" }}{%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 9 %}{{- raise_exception("ids have nine characters") }}{%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool" or message["role"] == "tool_results" %}
        {%- if message.content is defined and message.content.content is defined %}{%- set content = message.content.content %}{%- else %}{%- set content = message.content %}{%- endif %}
        {{- '[TOOL_RESULTS] {"content": ' + content|string + ", " }}{{- '"call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with an initial system message") }}
    {%- endif %}
{%- endfor %}
""",
    "macros": """{#- a comment -#}
{%- macro render_type(spec, required=false, depth=0) -%}
    {%- if spec.type == "array" -%}{{ render_type(spec["items"], depth=depth + 1) + "[]" }}
    {%- elif spec.enum is defined and spec.enum -%}{%- for e in spec.enum -%}"{{ e }}"{%- if not loop.last %} | {% endif -%}{%- endfor -%}
    {%- elif spec.type == "object" -%}{ {%- for name, sub in spec.properties.items() %} {{ name }}{{ "" if name in (spec.required or []) else "?" }}: {{ render_type(sub) }}{{ "," if not loop.last }}{% endfor -%} }
    {%- else -%}{{ spec.type | default("any") }}{%- endif -%}
{%- endmacro -%}
{%- if tools -%}
{%- for tool in tools %}
type {{ tool.function.name }} = (_: {{ render_type(tool.function.parameters) }}) => any; // {{ tool.function.description }}
{% endfor -%}
{%- endif -%}
{%- for m in messages -%}
{%- if m.content is none %}{% continue %}{% endif -%}
<|{{ m.role | upper }}|>{{ m.content if m.content is string else (m.content | selectattr("type", "eq", "text") | map(attribute="text") | join) }}<|end|>
{%- endfor -%}
{%- if add_generation_prompt %}<|ASSISTANT|>{% endif %}""",
    "lines": """{% for message in messages %}
    {% if message['role'] == 'user' %}
<|user|>
{{ message['content'] }}
    {% elif message['role'] == 'assistant' %}
<|assistant|>
{{ message['content'] }}{{ eos_token }}
    {% else %}
  {# kept #}  <|{{ message['role'] }}|>
{{ message['content'] }}
    {%- endif %}

{% endfor %}
{% if add_generation_prompt %}
<|assistant|>
{% endif %}
""",
    "generation": """{%- for m in messages -%}{%- if m.role == 'assistant' -%}A: {% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}{%- else -%}{{ m.role[0] | upper }}: {{ m.content }}{%- endif -%}{{ "\n" }}{%- endfor -%}{%- if add_generation_prompt -%}A:{%- endif -%}""",
    "one block": """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, system_prompt='', first=true) %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.first %}{% set ns.system_prompt = ns.system_prompt + message['content'] %}{% set ns.first = false %}{%- else %}{% set ns.system_prompt = ns.system_prompt + '\\n\\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.system_prompt }}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<|User|>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}{%- set content = message['content'] %}{%- if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<|Assistant|>' + content + '<|end|>'}}{%- endif %}{%- if message['role'] == 'tool' %}{%- set ns.is_tool = true -%}{{'<|tool|>' + message['content']}}{%- endif %}{%- endfor -%}{% if add_generation_prompt and not ns.is_tool %}{{'<|Assistant|><think>\\n'}}{% endif %}""",
    "documents": """{{ bos_token }}{% set date = 'June 2024' %}{%- if documents %}{{ documents | length }} documents{% endif %}{%- for message in messages|rejectattr('role', 'in', ['system', 'tool']) %}{{ '[' ~ loop.index ~ '/' ~ loop.length ~ '] ' ~ message.role.title() ~ ': ' ~ (message.content or 'nothing') }}{{ loop.cycle(' odd', ' even') }}{% if loop.previtem is defined and loop.previtem.role == message.role %}{{ raise_exception('twice ' + message.role) }}{% endif %}
{% else %}no messages{% endfor %}{{ date }}{% if tools %}{% for t in tools %}{{ t.function.parameters.properties | dictsort | map('first') | join('+') }}{% endfor %}{% endif %}""",
    "parts": """{%- for message in messages -%}{{ '<|' + message.role + '|>' }}{%- if message.content is string -%}{{ message.content }}{%- elif message.content is not none and message.content is sequence -%}{%- for part in message.content -%}{%- if part.type == 'text' -%}{{ part.text }}{%- else -%}{{ '<' + part.type + '_' + loop.index|string + '>' }}{%- endif -%}{%- endfor -%}{%- endif -%}{%- if message.get('tool_calls') -%}{{ message.tool_calls | tojson(separators=(',', ':')) }}{%- endif -%}{{ '<|end|>' }}{%- endfor -%}""",
}
EXPRESSIONS = """
1 + 2 * 3 - 4 // 3 % 2|1 / 2|7 // -2|-7 % 3|2 ** 10|2 ** -1|1.0|1e20|0.1 + 0.2|1e-5|10 / 4|3.7 // 1|-3.5 % 2
"a" ~ 1 ~ none ~ true ~ 1.5|"a" + "b" * 3|[1, 2] + [3]|(1,) + (2, 3)|{"a": [1, "x'y", none]}|["it's", 'q"q', "a\\nb\\t\\\\ é \\x01"]|()|(1,)|{}
not true or false and true|1 < 2 < 3|1 < 2 > 3|"a" < "b"|[1, 2] < [1, 3]|1 == 1.0|"1" == 1|none == false|true == 1|[1] == (1,)|"b" in "abc"|"k" in {"k": 1}|2 not in [1, 2]
"abc"[1]|"abc"[-1]|"abc"[5]|"héllo"[1:3]|"abcdef"[::-1]|"abcdef"[4:1:-2]|[1, 2, 3][1:]|[1, 2, 3][-2:]|[1, 2, 3][:10]|(1, 2, 3)[::2]|[1,2,3][::-5]|"abc"[:-1]
x if false|x if false else "y"|"a" if 1 else "b"|missing|missing.attr|missing["k"]|missing + 1|missing == missing|missing in [1]|1 in missing|missing ~ "x"|[missing]|missing | list
d.name|d["items"]|d.items() | list|d.keys() | list|d.values() | list|d.get("name")|d.get("no")|d.get("no", 3)|d.no|d.no.more|d.items | string | length > 0|d["name"].upper()
" x ".strip()|"xxaxx".strip("x")|"a,b,c".split(",")|"a,b,c".split(",", 1)|"a,b,c".rsplit(",", 1)|" a  b ".split()|" a  b c ".split(none, 1)|"abc".startswith("ab")|"abc".startswith(("x", "ab"))|"abc".endswith("c")
"abcabc".replace("b", "X")|"abcabc".replace("b", "X", 1)|"abcabc".find("c")|"abcabc".rfind("c")|"abc".find("z")|"aXbX".count("X")|"hello world".title()|"hELLO wORLD".capitalize()|"a-b".join(["x", "y"])|"l1\\nl2\\n".splitlines()
"12".isdigit()|"ab1".isalnum()|"ab".isalpha()|"AB".isupper()|"".isspace()|"abc".index("z")|"abc".removeprefix("a")|"abc".removesuffix("c")|"a".append("b")|[1].append(2)|d.update({"a": 1})|d.pop("name")
"%s is %d" % ("a", 3)|"%s" % "x"|"%05.2f|%x|%%" | format(3.14159, 255)|"%s" % ("a", "b")|5 | abs|-2.5 | abs|"abc" | capitalize|"aBc def" | title|"AbC" | lower|"abc" | upper|"  a " | trim|"xxa" | trim("x")
[3, 1, 2] | sort|["b", "A", "c"] | sort|["b", "A", "c"] | sort(case_sensitive=true)|[3, 1, 2] | sort(reverse=true)|[{"n": 2}, {"n": 1}] | sort(attribute="n")|[1, 2, 3] | sum|[{"n": 2}, {"n": 1}] | sum(attribute="n")|[1, 2, 2] | unique | list
[1, 2, 3] | first|[1, 2, 3] | last|[] | first|"abc" | first|"abc" | reverse|[1, 2] | reverse | list|[1, 2, 3] | join("-")|[{"n": 2}, {"n": 1}] | join(",", attribute="n")|[1, none, "a"] | join|"abc" | list|{"a": 1} | list|{"a": 1} | items | list
[1, 2, 3, 4] | select("even") | list|[1, 2, 3, 4] | reject("even") | list|[0, 1, ""] | select | list|[1, 2, 3] | select("gt", 1) | list|[{"a": 1}, {"b": 2}] | selectattr("a") | list|[{"a": 1}, {"a": 2}] | rejectattr("a", "equalto", 1) | list
["a", "b"] | map("upper") | list|[{"a": 1}, {}] | map(attribute="a") | list|[{"a": 1}, {}] | map(attribute="a", default=0) | list|[[1, 2], [3]] | map("length") | list|[1, 2] | map("string") | join
missing | default("x")|"" | default("x")|"" | default("x", true)|none | default("x")|none | d("x", boolean=true)|"3" | int|"3.9" | int|"x" | int|"x" | int(7)|"2.5" | float|3.7 | int|"a b c" | wordcount|"abc" | length|{"a": 1} | length|5 | length
2.567 | round(2)|2.5 | round|2.1 | round(0, "ceil")|2.9 | round(method="floor")|"a\\nb\\n\\nc" | indent(2)|"a\\nb" | indent(2, true)|"<a href='x'>&" | escape|"<a>" | safe|[3, 1, 2] | max|[3, 1, 2] | min|["b", "A"] | min|{"b": 1, "a": 2} | dictsort
1 is defined|missing is defined|missing is not defined|none is none|1 is number|true is number|1 is integer|true is integer|1.0 is float|"a" is string|{} is mapping|[] is iterable|"a" is iterable|1 is iterable|[] is sequence|{} is sequence|missing is iterable
2 is even|3 is odd|6 is divisibleby 3|1 is eq 1|1 is in [1]|"a" is lower|"A" is upper|true is true|1 is true|false is false|true is boolean|range is callable|1 is not none and 2 is even|"x" is in "xyz"|not 1 is none
range(3) | list|range(1, 10, 3) | list|range(3, 0, -1) | list|range(200000)|namespace(a=1).a|dict(a=1, b=2)|[1, 2] | tojson|{"b": 1, "a": [true, none, 1.5, "é<&'\\"\\n\\u0001"]} | tojson|{"b": 1, "a": []} | tojson(indent=2)|{"b": {}, "a": [1, [2]]} | tojson(indent=2, sort_keys=true)
[1, {"a": 2}] | tojson(separators=(",", ":"))|"é" | tojson(ensure_ascii=true)|"🙂" | tojson(ensure_ascii=true)|missing | tojson|raise_exception("no")|1 + "a"|"a" + 1|none + "a"|[1] + "a"|1 < "a"|1 / 0|1 // 0|5[0]|none.x|none[0]|unknown_function()|"a"()
"a" "b"|'a\\'b'|"\\u00e9\\x41"|{"a": {"b": [1, 2]}}.a.b[1]|[[1, 2], [3, 4]][1][0]|(1, 2)[0]|-1 | abs|(-1) | abs|-"a"|+3|- - 3|1 if true else 2 if false else 3|[1,2,]|{"a":1,}|1_000|d.n.0|"a" ~ "b" | upper|("a" ~ "b") | upper|not missing
""".strip()
BLOCKS = [
    "{% for a, b in [[1, 2], [3, 4]] %}{{ a }}-{{ b }};{% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "{% for x in [] %}{% else %}none{% endfor %}",
    "{% for x in [1, 2, 3] if x != 2 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}", "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}",
    "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}", "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% elif i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% set ns = namespace(a=1) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = [1] %}", "{% set x %}a{{ 1 }}b{% endset %}[{{ x }}]",
    "{% set x | upper %}abc{% endset %}{{ x }}", "{% set d.x = 1 %}", "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}{{ m(b=4, a=5) }}{{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(c=2) }}", "{% macro m(x) %}<{{ caller() }}{{ x }}>{% endmacro %}{% call m(1) %}in{% endcall %}", "{% macro m() %}{{ caller(7) }}{% endmacro %}{% call(v) m() %}got {{ v }}{% endcall %}",
    "{% filter upper %}a{{ 'b' }}{% endfilter %}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}", "{% raw %}{{ x }} {% if %}{% endraw %}", "{%- raw -%}  {{ x }}  {%- endraw -%}  y", "a {#- c -#} b", "a {# c #}\nb", "{% if true %}\nx\n{% endif %}\ny\n",
    "  {% if true %}\n  x\n  {% endif %}\n y", "a{% if true %}  {% endif %}b", "  {%+ if true %}x{% endif +%}\ny", "x\n\n", "x\r\ny\r\n", "{{ '{{' }}{{ '%}' }}", "{{ {'a': {'b': 1}}}}", "{{- 'a' -}}  b  {{- 'c' }}", " \n {{- 'a' }}", "{% for k in d %}{{ k }},{% endfor %}",
    "{% for c in 'hé' %}{{ c }}.{% endfor %}", "{% for x in 5 %}{% endfor %}", "{% for x in none %}{% endfor %}", "{% for x in missing %}{% else %}e{% endfor %}", "{% for i in [1, 2] %}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }} {% endfor %}",
    "{% for i in [1, 2] %}{% for j in [3, 4] %}{{ loop.index }}{{ i }}{{ j }} {% endfor %}{{ loop.index }}{% endfor %}", "{% if missing %}a{% elif d %}b{% else %}c{% endif %}", "{% if 1 %}", "{% endif %}", "{% foo %}", "{{ 1", "{{ }}", "{{ 1 2 }}", "{% for x %}{% endfor %}", "{{ 'a }}", "{{ a b }}", "{% if x = 1 %}{% endif %}",
    "{% break %}", "{{ x | nosuchfilter }}", "{{ 1 is nosuchtest }}", "{% if false %}{{ x | nosuchfilter }}{% endif %}ok", "{% set x = namespace() %}{% set x.y = 3 %}{{ x.y }}{{ x.z }}", "{% set c = joiner(', ') %}{% for i in [1, 2, 3] %}{{ c() }}{{ i }}{% endfor %}", "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{{ d | tojson }}", "{% for key, value in d.items() %}{{ key }}={{ value }};{% endfor %}", "{{ 'a\nb' }}", "{{ \"it's\" }}", "{% set x = [] %}{% if x %}full{% else %}empty{% endif %}{{ ([1] | select('gt', 5)) and 'true' }}",
]


def record():
    data = {"d": {"name": "n", "items": [1, 2], "n": [5, 6]}}
    cases = []
    for name, source in TEMPLATES.items():
        for conversation, given in CONVERSATIONS.items():
            given = dict(given)
            variables = {"messages": given.pop("messages"), "tools": given.pop("tools", None), "documents": None,
                         "add_generation_prompt": given.pop("add_generation_prompt", False), "bos_token": "<s>", "eos_token": "</s>", **given}
            case = {"name": name + ", " + conversation, "source": source, "data": variables}
            rest = {k: v for k, v in variables.items() if k not in ("messages", "tools", "documents", "add_generation_prompt")}
            try:
                case["want"] = render_jinja_template([variables["messages"]], chat_template=source, tools=variables["tools"],
                                                     add_generation_prompt=variables["add_generation_prompt"], **rest)[0][0]
            except Exception as e:
                case["error"] = f"{type(e).__name__}: {e}"
            cases.append(case)
    expressions = ["{{ " + e.strip() + " }}" for line in EXPRESSIONS.replace("%05.2f|%x|%%", "\0").split("\n") for e in line.replace(" | ", "\1").split("|")]
    for source in [e.replace("\1", " | ").replace("\0", "%05.2f|%x|%%") for e in expressions] + BLOCKS:
        case = {"name": source, "source": source, "data": data}
        try:
            case["want"] = _compile_jinja_template(source).render(**data)
        except Exception as e:
            case["error"] = f"{type(e).__name__}: {e}"
        cases.append(case)
    return cases


for case in record():
    print(json.dumps(case, ensure_ascii=False))
