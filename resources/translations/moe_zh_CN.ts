<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>ActionRegistry</name>
    <message>
        <source>%1 (%2)</source>
        <comment>action (its key)</comment>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>View</source>
        <translation>视图</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
</context>
<context>
    <name>ChatInput</name>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Message. Enter sends, Shift+Enter starts a new line</source>
        <translation>输入消息。Enter 发送，Shift+Enter 换行</translation>
    </message>
</context>
<context>
    <name>ChatView</name>
    <message>
        <source>Today, %1</source>
        <translation>今天 %1</translation>
    </message>
    <message>
        <source>Yesterday, %1</source>
        <translation>昨天 %1</translation>
    </message>
    <message>
        <source>, </source>
        <comment>date, time</comment>
        <translation>，</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>ChatWorkspace</name>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>会话列表</translation>
    </message>
    <message>
        <source>%1, step %2</source>
        <translation>%1，第 %2 步</translation>
    </message>
</context>
<context>
    <name>ChatWorkspace::Impl</name>
    <message>
        <source>Conversations</source>
        <translation>会话列表</translation>
    </message>
    <message>
        <source>Reply routing</source>
        <translation>回复路由</translation>
    </message>
    <message>
        <source>utilisation</source>
        <translation>利用率</translation>
    </message>
    <message>
        <source>Masked experts</source>
        <translation>已屏蔽的专家</translation>
    </message>
    <message>
        <source>in this conversation</source>
        <translation>仅本会话</translation>
    </message>
    <message>
        <source>, copy</source>
        <comment>behind a title</comment>
        <translation>（副本）</translation>
    </message>
    <message>
        <source>Folder of the conversation</source>
        <translation>会话的文件夹</translation>
    </message>
    <message>
        <source>Folder, empty for none</source>
        <translation>文件夹，留空表示不放入文件夹</translation>
    </message>
    <message>
        <source>Tags of the conversation</source>
        <translation>会话的标签</translation>
    </message>
    <message>
        <source>Tags, with spaces between them</source>
        <translation>标签，以空格分隔</translation>
    </message>
    <message>
        <source>Write the first message below.</source>
        <translation>请在下方输入第一条消息。</translation>
    </message>
    <message>
        <source>No model is open. Open a folder, or a checkpoint of a run, with Ctrl+O.</source>
        <translation>尚未打开模型。按 Ctrl+O 打开一个文件夹，或某次运行的检查点。</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>A reply is being written.</source>
        <translation>正在生成回复。</translation>
    </message>
    <message>
        <source>delete message</source>
        <translation>删除消息</translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) deleted.</source>
        <translation>
            <numerusform>已删除 %n 条消息。</numerusform>
        </translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>delete conversation</source>
        <translation>删除会话</translation>
    </message>
    <message>
        <source>The conversation is deleted.</source>
        <translation>会话已删除。</translation>
    </message>
    <message>
        <source>Export the conversation</source>
        <translation>导出会话</translation>
    </message>
    <message>
        <source>conversation</source>
        <translation>会话</translation>
    </message>
    <message>
        <source>Import a conversation</source>
        <translation>导入会话</translation>
    </message>
    <message>
        <source>Conversations (*.json)</source>
        <translation>会话 (*.json)</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Open another model</source>
        <translation>打开另一个模型</translation>
    </message>
    <message>
        <source>Cancel opening</source>
        <translation>取消打开</translation>
    </message>
    <message>
        <source>Open a model…</source>
        <translation>打开模型…</translation>
    </message>
    <message>
        <source>Import a conversation…</source>
        <translation>导入会话…</translation>
    </message>
    <message>
        <source>Export the conversation as Markdown…</source>
        <translation>将会话导出为 Markdown…</translation>
    </message>
    <message>
        <source>Export the conversation as JSON…</source>
        <translation>将会话导出为 JSON…</translation>
    </message>
    <message>
        <source>Search all messages</source>
        <translation>搜索全部消息</translation>
    </message>
    <message>
        <source>Stop the reply</source>
        <translation>停止回复</translation>
    </message>
    <message>
        <source>Regenerate the last reply</source>
        <translation>重新生成最后一条回复</translation>
    </message>
    <message>
        <source>Previous branch</source>
        <translation>上一个分支</translation>
    </message>
    <message>
        <source>Next branch</source>
        <translation>下一个分支</translation>
    </message>
    <message>
        <source>Copy the last reply</source>
        <translation>复制最后一条回复</translation>
    </message>
    <message>
        <source>Copy the last code block</source>
        <translation>复制最后一段代码</translation>
    </message>
    <message>
        <source>Experts of the last reply</source>
        <translation>最后一条回复的专家</translation>
    </message>
    <message>
        <source>Undo in the conversation</source>
        <translation>撤销会话中的操作</translation>
    </message>
    <message>
        <source>Redo in the conversation</source>
        <translation>重做会话中的操作</translation>
    </message>
    <message>
        <source>Show the Chat page first</source>
        <translation>请先切换到对话页</translation>
    </message>
    <message>
        <source>There is no reply yet</source>
        <translation>还没有回复</translation>
    </message>
    <message>
        <source>No reply is being written</source>
        <translation>当前没有正在生成的回复</translation>
    </message>
    <message>
        <source>There is nothing to undo</source>
        <translation>没有可撤销的操作</translation>
    </message>
    <message>
        <source>There is nothing to redo</source>
        <translation>没有可重做的操作</translation>
    </message>
    <message>
        <source>CPU, %1 parameters, %2 active</source>
        <translation>CPU，%1 参数，激活 %2</translation>
    </message>
    <message>
        <source>Writing a reply</source>
        <translation>正在生成回复</translation>
    </message>
    <message>
        <source>Opening %1</source>
        <translation>正在打开 %1</translation>
    </message>
    <message>
        <source>The model is being opened</source>
        <translation>正在打开模型</translation>
    </message>
    <message>
        <source>Open a model first (Ctrl+O)</source>
        <translation>请先打开模型 (Ctrl+O)</translation>
    </message>
    <message>
        <source>A reply is being written</source>
        <translation>正在生成回复</translation>
    </message>
    <message>
        <source>Where a reply&apos;s tokens go appears here with the first reply.</source>
        <translation>有了第一条回复后，这里显示其词元的去向。</translation>
    </message>
    <message>
        <source>No reply is being written.</source>
        <translation>当前没有正在生成的回复。</translation>
    </message>
    <message>
        <source>Close this side</source>
        <translation>关闭这一侧</translation>
    </message>
    <message>
        <source>Compare side by side…</source>
        <translation>并排比较…</translation>
    </message>
    <message>
        <source>Close the second side</source>
        <translation>关闭第二侧</translation>
    </message>
    <message>
        <source>Go to the next side, or to the composer</source>
        <translation>转到下一侧或输入框</translation>
    </message>
    <message>
        <source>There is one side alone</source>
        <translation>目前只有一侧</translation>
    </message>
    <message>
        <source>left</source>
        <translation>左侧</translation>
    </message>
    <message>
        <source>right</source>
        <translation>右侧</translation>
    </message>
    <message>
        <source>Left: %1</source>
        <translation>左侧：%1</translation>
    </message>
    <message>
        <source>Right: %1</source>
        <translation>右侧：%1</translation>
    </message>
    <message>
        <source>Difference: left − right</source>
        <translation>差值：左侧 − 右侧</translation>
    </message>
    <message>
        <source>this branch</source>
        <translation>本分支</translation>
    </message>
    <message>
        <source>This branch</source>
        <translation>本分支</translation>
    </message>
    <message>
        <source>Difference: this − branch %1, %2</source>
        <translation>差值：本分支 − 第 %1 分支，%2</translation>
    </message>
    <message>
        <source>branch %1</source>
        <translation>第 %1 分支</translation>
    </message>
    <message>
        <source>Opening, %1 of %2 layers</source>
        <translation>正在打开，%1 / %2 层</translation>
    </message>
    <message>
        <source>%1 does not fit beside the open model: its weights take %2 GB, %3 GB are free. Choose a smaller or a quantised one</source>
        <translation>%1 无法与已打开的模型同时放入内存：其权重需要 %2 GB，可用 %3 GB。请选择更小或量化的模型</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>Model facts</source>
        <translation>模型信息</translation>
    </message>
    <message>
        <source>Endpoint of the open model</source>
        <translation>已打开模型的服务端点</translation>
    </message>
    <message>
        <source>Endpoint</source>
        <translation>服务端点</translation>
    </message>
    <message>
        <source>of the open model</source>
        <translation>已打开的模型</translation>
    </message>
    <message>
        <source>Architecture, tensors and the prompt as the model reads it</source>
        <translation>架构、张量，以及模型读到的提示词</translation>
    </message>
    <message>
        <source>Serve the open model to other programs</source>
        <translation>把已打开的模型提供给其他程序</translation>
    </message>
    <message>
        <source>The endpoint is not switched on.</source>
        <translation>服务端点没有开启。</translation>
    </message>
    <message>
        <source>Generate a key and switch on</source>
        <translation>生成密钥并开启</translation>
    </message>
    <message>
        <source>Endpoint %1</source>
        <translation>端点 %1</translation>
    </message>
    <message>
        <source>Endpoint off</source>
        <translation>端点已关闭</translation>
    </message>
    <message>
        <source>Write a message to see the prompt that it makes.</source>
        <translation>写一条消息，即可看到它形成的提示词。</translation>
    </message>
    <message>
        <source>Go to the composer</source>
        <translation>转到输入框</translation>
    </message>
    <message>
        <source>Show or hide the conversations</source>
        <translation>显示或隐藏会话列表</translation>
    </message>
    <message>
        <source>Show or hide the side docks</source>
        <translation>显示或隐藏两侧面板</translation>
    </message>
    <message>
        <source>The edit stays open until it can be sent.</source>
        <translation>编辑框会一直打开，直到可以发送。</translation>
    </message>
    <message>
        <source>Stop it before you delete or restore messages.</source>
        <translation>请先停止，再删除或恢复消息。</translation>
    </message>
    <message>
        <source>Find in the conversation</source>
        <translation>在对话中查找</translation>
    </message>
    <message>
        <source>Find next</source>
        <translation>查找下一处</translation>
    </message>
    <message>
        <source>Find previous</source>
        <translation>查找上一处</translation>
    </message>
</context>
<context>
    <name>CodeBlock</name>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Command palette</source>
        <translation>命令面板</translation>
    </message>
    <message>
        <source>Find an action, run, layer or metric</source>
        <translation>查找操作、运行、层或指标</translation>
    </message>
    <message>
        <source>What was found</source>
        <translation>查找结果</translation>
    </message>
    <message>
        <source>Nothing found. Try fewer letters, or &gt; @ # for one kind only.</source>
        <translation>没有找到。请减少字数，或用 &gt; @ # 限定类别。</translation>
    </message>
    <message>
        <source>Up, Down to choose</source>
        <translation>上下键选择</translation>
    </message>
    <message>
        <source>Enter to run</source>
        <translation>回车执行</translation>
    </message>
    <message>
        <source>Esc to close</source>
        <translation>Esc 关闭</translation>
    </message>
    <message>
        <source>&gt; actions</source>
        <translation>&gt; 操作</translation>
    </message>
    <message>
        <source>@ layers</source>
        <translation>@ 层</translation>
    </message>
    <message>
        <source># runs</source>
        <translation># 运行</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>hits of all entries</comment>
        <translation>%1 / %2</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Precise</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>均衡</translation>
    </message>
    <message>
        <source>Creative</source>
        <translation>发散</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Stop  Esc</source>
        <translation>停止  Esc</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>System prompt: stands before the conversation</source>
        <translation>系统提示词：位于会话之前</translation>
    </message>
    <message>
        <source>Stop the reply</source>
        <translation>停止回复</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Own</source>
        <translation>自定</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>System prompt…</source>
        <translation>系统提示词…</translation>
    </message>
    <message>
        <source>More…</source>
        <translation>更多…</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Most tokens</source>
        <translation>词元上限</translation>
    </message>
    <message>
        <source>Write a message first</source>
        <translation>请先输入消息</translation>
    </message>
    <message>
        <source>Context %1 of %2</source>
        <translation>上下文 %1 / %2</translation>
    </message>
    <message>
        <source>System…</source>
        <translation>系统…</translation>
    </message>
</context>
<context>
    <name>Conductor</name>
    <message>
        <source>float32 %1, bfloat16 %2 GFLOP/s</source>
        <translation>float32 %1，bfloat16 %2 GFLOP/s</translation>
    </message>
    <message>
        <source>training</source>
        <translation>训练中</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>The experts of a layer</source>
        <translation>一层的专家</translation>
    </message>
</context>
<context>
    <name>Conductor::Impl</name>
    <message>
        <source>Watch the demo train</source>
        <translation>观看演示训练</translation>
    </message>
</context>
<context>
    <name>ConversationPanel</name>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Last week</source>
        <translation>上周</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>更早</translation>
    </message>
    <message>
        <source>d MMM</source>
        <comment>date</comment>
        <translation>M月d日</translation>
    </message>
    <message>
        <source>Search all messages</source>
        <translation>搜索全部消息</translation>
    </message>
    <message>
        <source>Words, &quot;a phrase&quot;, tag:NAME, folder:NAME</source>
        <translation>词语、&quot;短语&quot;、tag:标签、folder:文件夹</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>会话列表</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>没有找到</translation>
    </message>
    <message numerus="yes">
        <source>%n place(s) found</source>
        <translation>
            <numerusform>找到 %n 处</numerusform>
        </translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>文件夹…</translation>
    </message>
    <message>
        <source>Tags…</source>
        <translation>标签…</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>创建副本</translation>
    </message>
    <message>
        <source>Export as Markdown…</source>
        <translation>导出为 Markdown…</translation>
    </message>
    <message>
        <source>Export as JSON…</source>
        <translation>导出为 JSON…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>CurveTableModel</name>
    <message>
        <source>Step</source>
        <translation>步</translation>
    </message>
</context>
<context>
    <name>Dashboard</name>
    <message>
        <source>Token drop rate</source>
        <translation>词元丢弃率</translation>
    </message>
    <message>
        <source>% of assignments</source>
        <translation>占分配数的 %</translation>
    </message>
    <message>
        <source>Aux-loss coefficient α</source>
        <translation>辅助损失系数 α</translation>
    </message>
    <message>
        <source>per layer</source>
        <translation>逐层</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>梯度范数</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>all ranks</source>
        <translation>所有 rank</translation>
    </message>
    <message>
        <source>Grad norm</source>
        <translation>梯度范数</translation>
    </message>
    <message>
        <source>smoothing %1, raw behind</source>
        <translation>平滑 %1，其后为原始值</translation>
    </message>
    <message>
        <source>raw</source>
        <translation>原始值</translation>
    </message>
    <message>
        <source>smoothing %1</source>
        <translation>平滑 %1</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>layer %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message>
        <source>validation</source>
        <translation>验证</translation>
    </message>
    <message>
        <source>train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>clipped at %1</source>
        <translation>裁剪于 %1</translation>
    </message>
    <message>
        <source>not clipped</source>
        <translation>不裁剪</translation>
    </message>
    <message>
        <source>k, all ranks</source>
        <translation>千，所有 rank</translation>
    </message>
    <message>
        <source>This run has no MoE layers, so no tokens are dropped.</source>
        <translation>此运行没有 MoE 层，因此不会丢弃词元。</translation>
    </message>
    <message>
        <source>This run has no MoE layers, so there is no aux loss.</source>
        <translation>此运行没有 MoE 层，因此没有辅助损失。</translation>
    </message>
</context>
<context>
    <name>EndpointPanel</name>
    <message>
        <source>None.</source>
        <translation>无。</translation>
    </message>
    <message>
        <source>Generate a key</source>
        <translation>生成密钥</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>复制地址</translation>
    </message>
    <message>
        <source>Programs that speak OpenAI&apos;s API can use the open model while this is on.</source>
        <translation>开启后，使用 OpenAI API 的程序可以使用已打开的模型。</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Last errors</source>
        <translation>最近的错误</translation>
    </message>
    <message>
        <source>Listen on</source>
        <translation>监听</translation>
    </message>
    <message>
        <source>An address of this machine: 127.0.0.1 is reached from here alone, 0.0.0.0 from the whole network</source>
        <translation>本机的地址：127.0.0.1 只能从本机访问，0.0.0.0 可从整个网络访问</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>0: any port that is free</source>
        <translation>0：任意空闲端口</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Clients send it as the API key. Only 127.0.0.1 may do without</source>
        <translation>客户端把它作为 API 密钥发送。只有 127.0.0.1 可以不用</translation>
    </message>
    <message>
        <source>Show the key</source>
        <translation>显示密钥</translation>
    </message>
    <message>
        <source>Copy the key</source>
        <translation>复制密钥</translation>
    </message>
    <message>
        <source>Address for clients</source>
        <translation>客户端使用的地址</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态码</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>On</source>
        <translation>已开启</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开启…</translation>
    </message>
    <message>
        <source>Stopping, answers under way end first…</source>
        <translation>正在关闭，先等进行中的回答结束…</translation>
    </message>
    <message>
        <source>Switch on</source>
        <translation>开启</translation>
    </message>
    <message>
        <source>Switch off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>%1 answering, %2 waiting, %3 done, %4 of them with an error</source>
        <translation>回答中 %1，等待中 %2，已完成 %3，其中出错 %4</translation>
    </message>
    <message>
        <source>Tokens generated for clients a second, mean of the last 5 s; %1 in all</source>
        <translation>每秒为客户端生成的词元，最近 5 秒的平均值；共 %1</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>%1, from %2: %3</source>
        <comment>route, client, what it was told</comment>
        <translation>%1，来自 %2：%3</translation>
    </message>
</context>
<context>
    <name>EventTableModel</name>
    <message>
        <source>Step %1: %2</source>
        <translation>步 %1：%2</translation>
    </message>
    <message>
        <source>Flag %1</source>
        <translation>标记 %1</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>发生了什么</translation>
    </message>
</context>
<context>
    <name>EventsPanel</name>
    <message>
        <source>What happens in a run stands here.</source>
        <translation>运行中发生的事件显示在这里。</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>Filter events</source>
        <translation>筛选事件</translation>
    </message>
</context>
<context>
    <name>ExpertStrip</name>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Experts</source>
        <translation>专家</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message numerus="yes">
        <source>%n tokens so far, each routed to %1 of %2</source>
        <translation>
            <numerusform>已生成 %n 个词元，每个词元选 %1 / %2 个专家</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n tokens, each routed to %1 of %2</source>
        <translation>
            <numerusform>%n 个词元，每个词元选 %1 / %2 个专家</numerusform>
        </translation>
    </message>
    <message>
        <source>weight %1</source>
        <translation>权重 %1</translation>
    </message>
</context>
<context>
    <name>ExpertTableModel</name>
    <message>
        <source>dead</source>
        <translation>失活</translation>
    </message>
    <message>
        <source>hot</source>
        <translation>过热</translation>
    </message>
    <message>
        <source>cold</source>
        <translation>过冷</translation>
    </message>
    <message>
        <source>Expert</source>
        <translation>专家</translation>
    </message>
    <message>
        <source>Utilisation</source>
        <translation>利用率</translation>
    </message>
    <message>
        <source>Assignments</source>
        <translation>分配数</translation>
    </message>
    <message>
        <source>Dropped</source>
        <translation>已丢弃</translation>
    </message>
</context>
<context>
    <name>FactsPanel</name>
    <message>
        <source>%1 (%2)</source>
        <comment>a number, the same short</comment>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>Attention</source>
        <translation>注意力</translation>
    </message>
    <message>
        <source>%1 heads over a latent of %2</source>
        <translation>%1 个头，隐向量 %2 维</translation>
    </message>
    <message>
        <source>%1 heads of %2, %3 of keys and values</source>
        <translation>%1 个头，每头 %2 维，键和值 %3 个头</translation>
    </message>
    <message>
        <source>biases</source>
        <translation>偏置</translation>
    </message>
    <message>
        <source>query and key norms</source>
        <translation>查询和键的归一化</translation>
    </message>
    <message>
        <source>sinks</source>
        <translation>注意力汇点</translation>
    </message>
    <message>
        <source>sliding windows</source>
        <translation>滑动窗口</translation>
    </message>
    <message>
        <source>Attention has</source>
        <translation>注意力带有</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between parts</comment>
        <translation>、</translation>
    </message>
    <message>
        <source>Rotary embedding</source>
        <translation>旋转位置编码</translation>
    </message>
    <message>
        <source>base %1</source>
        <translation>基数 %1</translation>
    </message>
    <message>
        <source>base %1, scaled %2 × as %3</source>
        <translation>基数 %1，按 %3 缩放 %2 倍</translation>
    </message>
    <message>
        <source>Experts</source>
        <translation>专家</translation>
    </message>
    <message>
        <source>none, dense</source>
        <translation>无，稠密模型</translation>
    </message>
    <message>
        <source>%1, of which a token takes %2</source>
        <translation>%1 个，每个词元选 %2 个</translation>
    </message>
    <message>
        <source>Expert columns</source>
        <translation>专家列数</translation>
    </message>
    <message>
        <source>Shared expert columns</source>
        <translation>共享专家列数</translation>
    </message>
    <message>
        <source>Dense layers</source>
        <translation>稠密层</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%2 层中的 %1 层</translation>
    </message>
    <message>
        <source>two layers</source>
        <translation>两层</translation>
    </message>
    <message>
        <source>linear</source>
        <translation>线性</translation>
    </message>
    <message>
        <source>, logits normalised, λ %1</source>
        <translation>，logits 归一化，λ %1</translation>
    </message>
    <message>
        <source>Gate</source>
        <translation>门控</translation>
    </message>
    <message>
        <source>Tokenizer</source>
        <translation>分词器</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 个词元</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <comment>a token&apos;s id, its text</comment>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>A reply ends at</source>
        <translation>回复结束于</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between tokens</comment>
        <translation>、</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>its own</source>
        <translation>自带</translation>
    </message>
    <message>
        <source>none: messages are joined by newlines</source>
        <translation>无：消息以换行相连</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Active a token</source>
        <translation>每词元激活参数</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>as they were trained</source>
        <translation>训练时的精度</translation>
    </message>
    <message>
        <source>quantised as %1</source>
        <translation>量化为 %1</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层数</translation>
    </message>
    <message>
        <source>Hidden size</source>
        <translation>隐藏维度</translation>
    </message>
    <message>
        <source>FFN columns</source>
        <translation>FFN 列数</translation>
    </message>
    <message>
        <source>RMS norm ε</source>
        <translation>RMS 归一化 ε</translation>
    </message>
    <message>
        <source>Embedding and head</source>
        <translation>嵌入和输出头</translation>
    </message>
    <message>
        <source>one matrix</source>
        <translation>同一个矩阵</translation>
    </message>
    <message>
        <source>two matrices</source>
        <translation>两个矩阵</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>词表</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>%1 tokens, opened for %2</source>
        <translation>%1 个词元，打开时为 %2</translation>
    </message>
    <message>
        <source>Facts of the model</source>
        <translation>模型信息</translation>
    </message>
    <message>
        <source>Tensors</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>Filter by name, shape or dtype</source>
        <translation>按名称、形状或类型筛选</translation>
    </message>
    <message>
        <source>No model is open.</source>
        <translation>没有打开模型。</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>The model has no chat template: its messages are joined by newlines.</source>
        <translation>这个模型没有对话模板：消息以换行相连。</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
</context>
<context>
    <name>FindBar</name>
    <message>
        <source>Previous place (Shift+Enter)</source>
        <translation>上一处 (Shift+Enter)</translation>
    </message>
    <message>
        <source>Next place (Enter)</source>
        <translation>下一处 (Enter)</translation>
    </message>
    <message>
        <source>Find in the conversation</source>
        <translation>在对话中查找</translation>
    </message>
    <message>
        <source>Close (Esc)</source>
        <translation>关闭 (Esc)</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>没有找到</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
</context>
<context>
    <name>HeatmapPlot</name>
    <message>
        <source>drop rate</source>
        <translation>丢弃率</translation>
    </message>
    <message>
        <source>dead</source>
        <translation>失活</translation>
    </message>
    <message>
        <source>dead: no assignments</source>
        <translation>失活：没有分配</translation>
    </message>
    <message>
        <source>no data</source>
        <translation>无数据</translation>
    </message>
    <message>
        <source>capacity %1</source>
        <translation>容量 %1</translation>
    </message>
    <message>
        <source>capacity factor %1</source>
        <translation>容量系数 %1</translation>
    </message>
    <message>
        <source>Map of utilisations. Arrow keys move the current cell, Enter opens its row.</source>
        <translation>利用率热图。方向键移动当前单元格，回车打开所在行。</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>步 %1</translation>
    </message>
    <message>
        <source>Cells are rectangles.</source>
        <translation>单元格为矩形。</translation>
    </message>
    <message>
        <source>Cells are one raster image.</source>
        <translation>单元格合为一幅位图。</translation>
    </message>
    <message>
        <source>first choice of the token</source>
        <translation>词元的首选</translation>
    </message>
    <message>
        <source>first choice</source>
        <translation>首选</translation>
    </message>
    <message>
        <source>others</source>
        <translation>其余</translation>
    </message>
    <message>
        <source>masked</source>
        <translation>已屏蔽</translation>
    </message>
</context>
<context>
    <name>HeatmapTableModel</name>
    <message>
        <source>%1, dead</source>
        <translation>%1，失活</translation>
    </message>
    <message>
        <source>%1 %2, column %3: %4</source>
        <translation>%1 %2，列 %3：%4</translation>
    </message>
</context>
<context>
    <name>LawRow</name>
    <message>
        <source>Apply</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>takes effect between two steps</source>
        <translation>在两步之间生效</translation>
    </message>
    <message>
        <source>ξ</source>
        <translation>ξ</translation>
    </message>
    <message>
        <source>How much of a layer&apos;s drop rate d its coefficient follows</source>
        <translation>该层系数跟随其丢弃率 d 的程度</translation>
    </message>
    <message>
        <source>α_max</source>
        <translation>α_max</translation>
    </message>
    <message>
        <source>The coefficient never aims above this</source>
        <translation>系数的目标值不会高于此值</translation>
    </message>
    <message>
        <source>β</source>
        <translation>β</translation>
    </message>
    <message>
        <source>How much of the old coefficient stays after a step</source>
        <translation>每步之后旧系数保留的比例</translation>
    </message>
    <message>
        <source>α</source>
        <translation>α</translation>
    </message>
    <message>
        <source>α constant, all layers</source>
        <translation>α 恒定，所有层相同</translation>
    </message>
    <message>
        <source>α constant, one a layer</source>
        <translation>α 恒定，每层一个</translation>
    </message>
    <message>
        <source>α constant, one a layer, %1 to %2</source>
        <translation>α 恒定，每层一个，%1 至 %2</translation>
    </message>
    <message>
        <source>No run file: the law of α is not known</source>
        <translation>没有运行文件：α 的规律未知</translation>
    </message>
    <message>
        <source>After each step, per layer, with d the layer&apos;s token drop rate</source>
        <translation>每步之后逐层更新，d 为该层的词元丢弃率</translation>
    </message>
    <message>
        <source>Only a run in progress can be steered</source>
        <translation>只能调控正在进行的运行</translation>
    </message>
    <message>
        <source>Send to the run</source>
        <translation>发送给运行</translation>
    </message>
    <message>
        <source>Change a value first</source>
        <translation>请先更改某个值</translation>
    </message>
</context>
<context>
    <name>LayerPage</name>
    <message>
        <source>All layers</source>
        <translation>所有层</translation>
    </message>
    <message>
        <source>Back to all layers (Backspace)</source>
        <translation>返回所有层（退格）</translation>
    </message>
    <message>
        <source>Layer above (Alt+Left)</source>
        <translation>上一层（Alt+左）</translation>
    </message>
    <message>
        <source>Layer below (Alt+Right)</source>
        <translation>下一层（Alt+右）</translation>
    </message>
    <message>
        <source>Experts over time</source>
        <translation>专家随时间变化</translation>
    </message>
    <message>
        <source>Utilisation of the layer&apos;s experts over time</source>
        <translation>该层专家的利用率随时间变化</translation>
    </message>
    <message>
        <source>Expert</source>
        <translation>专家</translation>
    </message>
    <message>
        <source>Expert %1</source>
        <translation>专家 %1</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1 至 %2</translation>
    </message>
    <message>
        <source>Utilisation</source>
        <translation>利用率</translation>
    </message>
    <message>
        <source>Show the experts&apos; table</source>
        <translation>显示专家表格</translation>
    </message>
    <message>
        <source>Experts of layer %1</source>
        <translation>第 %1 层的专家</translation>
    </message>
    <message>
        <source>Experts now</source>
        <translation>当前专家</translation>
    </message>
    <message>
        <source>Experts of the layer now</source>
        <translation>该层当前的专家</translation>
    </message>
    <message>
        <source>Copy the table</source>
        <translation>复制表格</translation>
    </message>
    <message>
        <source>Utilisation per expert</source>
        <translation>各专家利用率</translation>
    </message>
    <message>
        <source>load / ideal</source>
        <translation>负载 / 理想</translation>
    </message>
    <message>
        <source>Gate entropy</source>
        <translation>门控熵</translation>
    </message>
    <message>
        <source>nats</source>
        <translation>奈特</translation>
    </message>
    <message>
        <source>Gate ratios</source>
        <translation>门控比值</translation>
    </message>
    <message>
        <source>Expert similarity</source>
        <translation>专家相似度</translation>
    </message>
    <message>
        <source>Token drop rate</source>
        <translation>词元丢弃率</translation>
    </message>
    <message>
        <source>Aux coefficient α</source>
        <translation>辅助系数 α</translation>
    </message>
    <message>
        <source>expert %1</source>
        <translation>专家 %1</translation>
    </message>
    <message>
        <source>%1 others</source>
        <translation>其余 %1 个</translation>
    </message>
    <message>
        <source>Max1/Max2</source>
        <translation>Max1/Max2</translation>
    </message>
    <message>
        <source>2/3</source>
        <comment>ratio of second to third gate probability</comment>
        <translation>2/3</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>layer %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message>
        <source>every %1 steps</source>
        <translation>每 %1 步</translation>
    </message>
    <message>
        <source>uniform, ln %1 = %2</source>
        <translation>均匀，ln %1 = %2</translation>
    </message>
    <message>
        <source>capacity %1</source>
        <translation>容量 %1</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message>
        <source>Drop rate</source>
        <translation>丢弃率</translation>
    </message>
    <message>
        <source>Dead experts</source>
        <translation>失活专家</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>步 %1</translation>
    </message>
    <message>
        <source>utilisation, one step a column</source>
        <translation>利用率，每列一步</translation>
    </message>
    <message>
        <source>utilisation, %1 steps a column</source>
        <translation>利用率，每列 %1 步</translation>
    </message>
    <message>
        <source>this step</source>
        <translation>本步</translation>
    </message>
    <message>
        <source>a step, mean of the last %1</source>
        <translation>每步，最近 %1 步的均值</translation>
    </message>
    <message>
        <source>expert %1 at step %2</source>
        <translation>专家 %1，步 %2</translation>
    </message>
    <message>
        <source>Ratios</source>
        <translation>比值</translation>
    </message>
</context>
<context>
    <name>LoadPanel</name>
    <message>
        <source>Expert load</source>
        <translation>专家负载</translation>
    </message>
    <message>
        <source>utilisation = load / ideal</source>
        <translation>利用率 = 负载 / 理想</translation>
    </message>
    <message>
        <source>Show as table</source>
        <translation>以表格显示</translation>
    </message>
    <message>
        <source>load / ideal</source>
        <translation>负载 / 理想</translation>
    </message>
    <message>
        <source>Expert load, layers by experts</source>
        <translation>专家负载，层 × 专家</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Span</source>
        <translation>跨度</translation>
    </message>
    <message>
        <source>All ranks</source>
        <translation>所有 rank</translation>
    </message>
    <message>
        <source>Ranks</source>
        <translation>Rank</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>A fixed text routed at every validation, instead of the batch</source>
        <translation>每次验证时路由的一段固定文本，代替批次</translation>
    </message>
    <message>
        <source>This step</source>
        <translation>本步</translation>
    </message>
    <message>
        <source>Mean of %1 steps</source>
        <translation>%1 步均值</translation>
    </message>
    <message>
        <source>Mean of the last %1 steps</source>
        <translation>最近 %1 步的均值</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>%1 steps are in the mean</source>
        <translation>均值含 %1 步</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>步 %1</translation>
    </message>
    <message>
        <source>Layer %1, expert %2</source>
        <translation>第 %1 层，专家 %2</translation>
    </message>
    <message>
        <source>Utilisation</source>
        <translation>利用率</translation>
    </message>
    <message>
        <source>%1, dead</source>
        <translation>%1，失活</translation>
    </message>
    <message>
        <source>Assignments a step</source>
        <translation>每步分配数</translation>
    </message>
    <message>
        <source>Ideal a step</source>
        <translation>每步理想值</translation>
    </message>
    <message>
        <source>Experts of this layer</source>
        <translation>本层专家数</translation>
    </message>
    <message>
        <source>Last assignment</source>
        <translation>最后一次分配</translation>
    </message>
    <message>
        <source>The record holds sums over all ranks: there is nothing to choose</source>
        <translation>记录中是所有 rank 的总和，没有可选项</translation>
    </message>
    <message>
        <source>validation at step %1</source>
        <translation>第 %1 步的验证</translation>
    </message>
    <message>
        <source>No run is shown. Start one or choose one in the list.</source>
        <translation>未显示任何运行。请开始一次运行，或在列表中选择。</translation>
    </message>
    <message>
        <source>The loads of the experts appear with the first step.</source>
        <translation>专家负载从第一步起显示。</translation>
    </message>
    <message>
        <source>This run has no MoE layers, so there is no expert load.</source>
        <translation>此运行没有 MoE 层，因此没有专家负载。</translation>
    </message>
</context>
<context>
    <name>LogDock</name>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Least level shown</source>
        <translation>显示的最低级别</translation>
    </message>
    <message>
        <source>Filter the log</source>
        <translation>筛选日志</translation>
    </message>
    <message>
        <source>Copy the selected lines</source>
        <translation>复制所选行</translation>
    </message>
    <message>
        <source>Save the log…</source>
        <translation>保存日志…</translation>
    </message>
    <message>
        <source>Close the log</source>
        <translation>关闭日志</translation>
    </message>
    <message>
        <source>Save the log</source>
        <translation>保存日志</translation>
    </message>
    <message>
        <source>The log was not saved to %1: %2.</source>
        <translation>日志未能保存到 %1：%2。</translation>
    </message>
</context>
<context>
    <name>LogModel</name>
    <message>
        <source>debug</source>
        <translation>调试</translation>
    </message>
    <message>
        <source>info</source>
        <translation>信息</translation>
    </message>
    <message>
        <source>warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>内容</translation>
    </message>
</context>
<context>
    <name>MachinePanel</name>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Memory free, GB</source>
        <translation>可用内存，GB</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>Measure devices</source>
        <translation>测量设备</translation>
    </message>
    <message>
        <source>Times large matrix products: the peak that MFU is a share of</source>
        <translation>对大矩阵乘法计时：MFU 即以此峰值为分母</translation>
    </message>
    <message>
        <source>This build has no device that can be measured</source>
        <translation>此版本没有可测量的设备</translation>
    </message>
    <message numerus="yes">
        <source>CPU, %n core(s)</source>
        <translation>
            <numerusform>CPU，%n 核</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>memory free of all</comment>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>Measuring…</source>
        <translation>正在测量…</translation>
    </message>
</context>
<context>
    <name>MainBar</name>
    <message>
        <source>Tool bar</source>
        <translation>工具栏</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message numerus="yes">
        <source>%n CPU core(s)</source>
        <translation>
            <numerusform>%n 个 CPU 核</numerusform>
        </translation>
    </message>
    <message>
        <source>Actions</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Find any action…</source>
        <translation>查找任意操作…</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Theme: light</source>
        <translation>主题：浅色</translation>
    </message>
    <message>
        <source>Theme: dark</source>
        <translation>主题：深色</translation>
    </message>
    <message>
        <source>Theme: as the desktop</source>
        <translation>主题：跟随桌面</translation>
    </message>
    <message>
        <source>All shortcuts</source>
        <translation>全部快捷键</translation>
    </message>
    <message>
        <source>About MoE Workbench</source>
        <translation>关于 MoE Workbench</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>This build has no training engine</source>
        <translation>此版本没有训练引擎</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Chat comes with version 0.2, which runs models</source>
        <translation>对话将随可运行模型的 0.2 版提供</translation>
    </message>
    <message>
        <source>Partition</source>
        <translation>切分</translation>
    </message>
    <message>
        <source>Partition comes with version 0.4, which plans layouts</source>
        <translation>切分将随可规划布局的 0.4 版提供</translation>
    </message>
    <message>
        <source>Docks</source>
        <translation>停靠面板</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Layouts</source>
        <translation>布局</translation>
    </message>
    <message>
        <source>Layout: save as…</source>
        <translation>布局：另存为…</translation>
    </message>
    <message>
        <source>Layout: restore default</source>
        <translation>布局：恢复默认</translation>
    </message>
    <message>
        <source>Watch the demo train</source>
        <translation>观看演示训练</translation>
    </message>
    <message>
        <source>New run…</source>
        <translation>新建运行…</translation>
    </message>
    <message>
        <source>Open a model…</source>
        <translation>打开模型…</translation>
    </message>
    <message>
        <source>Models can be opened from version 0.2 on</source>
        <translation>从 0.2 版起可打开模型</translation>
    </message>
    <message>
        <source>Import runs…</source>
        <translation>导入运行…</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>New plan…</source>
        <translation>新建方案…</translation>
    </message>
    <message>
        <source>Plans can be made from version 0.4 on</source>
        <translation>从 0.4 版起可制定方案</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>44 M parameters, 16 experts, real text</source>
        <translation>44 M 参数，16 个专家，真实文本</translation>
    </message>
    <message>
        <source>Model, corpus, run file</source>
        <translation>模型、语料、运行文件</translation>
    </message>
    <message>
        <source>A folder or a checkpoint of a run</source>
        <translation>文件夹或某次运行的检查点</translation>
    </message>
    <message>
        <source>Pipeline stages or tensor shares</source>
        <translation>流水线阶段或张量份额</translation>
    </message>
    <message>
        <source>TensorBoard, JSONL, Megatron, trackio</source>
        <translation>TensorBoard、JSONL、Megatron、trackio</translation>
    </message>
    <message>
        <source>None saved yet</source>
        <translation>尚未保存</translation>
    </message>
    <message>
        <source>Save the layout</source>
        <translation>保存布局</translation>
    </message>
    <message>
        <source>Name of the layout</source>
        <translation>布局名称</translation>
    </message>
    <message>
        <source>MoE Workbench %1.</source>
        <translation>MoE Workbench %1。</translation>
    </message>
    <message>
        <source>The window is GPL-3.0-or-later, the engine Apache-2.0. Qt %1, QCustomPlot, oneDNN, SQLite, sentencepiece.</source>
        <translation>界面采用 GPL-3.0-or-later，引擎采用 Apache-2.0。Qt %1、QCustomPlot、oneDNN、SQLite、sentencepiece。</translation>
    </message>
</context>
<context>
    <name>MarkdownText</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
</context>
<context>
    <name>MaskBar</name>
    <message>
        <source>Unmask all</source>
        <translation>取消屏蔽</translation>
    </message>
    <message>
        <source>Masked in this conversation: %1</source>
        <translation>本会话已屏蔽：%1</translation>
    </message>
</context>
<context>
    <name>MaskPanel</name>
    <message>
        <source>layer %1 expert %2</source>
        <translation>第 %1 层专家 %2</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between experts</comment>
        <translation>，</translation>
    </message>
    <message>
        <source>None. Choose Mask expert from a cell&apos;s menu to see what the model does without it.</source>
        <translation>无。在单元格菜单中选择屏蔽专家，即可观察缺少它时模型的表现。</translation>
    </message>
    <message>
        <source>Unmask</source>
        <translation>取消屏蔽</translation>
    </message>
    <message>
        <source>Masked experts</source>
        <translation>已屏蔽的专家</translation>
    </message>
    <message>
        <source>Layer %1, expert %2</source>
        <translation>第 %1 层，专家 %2</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Close message</source>
        <translation>关闭消息</translation>
    </message>
    <message numerus="yes">
        <source>%n more</source>
        <translation>
            <numerusform>另有 %n 条</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MessageView</name>
    <message>
        <source>Text of the message</source>
        <translation>消息正文</translation>
    </message>
    <message>
        <source>writing</source>
        <translation>生成中</translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln 个词元</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>first token %1 s</source>
        <translation>首词元 %1 秒</translation>
    </message>
    <message>
        <source>first token %1 ms</source>
        <translation>首词元 %1 毫秒</translation>
    </message>
    <message>
        <source>seed %1</source>
        <translation>种子 %1</translation>
    </message>
    <message>
        <source>stop</source>
        <translation>自然结束</translation>
    </message>
    <message>
        <source>length</source>
        <translation>达到上限</translation>
    </message>
    <message>
        <source>stopped by you</source>
        <translation>由您停止</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>finished: %1</source>
        <translation>结束：%1</translation>
    </message>
    <message>
        <source>Return goes to its links and its code, Escape comes back</source>
        <translation>按 Return 进入其中的链接和代码，按 Escape 返回</translation>
    </message>
    <message>
        <source>Show all %1 characters</source>
        <translation>显示全部 %1 个字符</translation>
    </message>
    <message>
        <source>Failed: %1</source>
        <translation>失败：%1</translation>
    </message>
    <message>
        <source>another window writes it</source>
        <translation>正由另一个窗口写入</translation>
    </message>
    <message>
        <source>cut off when the program ended</source>
        <translation>因程序退出而中断</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between figures</comment>
        <translation>，</translation>
    </message>
    <message>
        <source>Previous branch</source>
        <translation>上一个分支</translation>
    </message>
    <message>
        <source>Next branch</source>
        <translation>下一个分支</translation>
    </message>
    <message>
        <source>Experts</source>
        <translation>专家</translation>
    </message>
    <message>
        <source>Regenerate: another reply, as a branch</source>
        <translation>重新生成：作为分支的另一条回复</translation>
    </message>
    <message>
        <source>Continue the reply</source>
        <translation>继续回复</translation>
    </message>
    <message>
        <source>Copy the message</source>
        <translation>复制消息</translation>
    </message>
    <message>
        <source>Edit into a branch</source>
        <translation>编辑为分支</translation>
    </message>
    <message>
        <source>Delete the message and what follows it</source>
        <translation>删除该消息及其后的内容</translation>
    </message>
    <message>
        <source>Prompt %1 tokens, temperature %2, top-p %3, top-k %4, min-p %5, repetition penalty %6, at most %7 tokens</source>
        <translation>提示 %1 个词元，温度 %2，top-p %3，top-k %4，min-p %5，重复惩罚 %6，最多 %7 个词元</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <comment>who: message</comment>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>Edited message</source>
        <translation>编辑后的消息</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Keep as a branch</source>
        <translation>保存为分支</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
</context>
<context>
    <name>NewRunPanel</name>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>The run file</source>
        <translation>运行文件</translation>
    </message>
    <message>
        <source>Model preset</source>
        <translation>模型预设</translation>
    </message>
    <message>
        <source>From a config.json</source>
        <translation>来自 config.json</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Choose a corpus or folder</source>
        <translation>选择语料或文件夹</translation>
    </message>
    <message>
        <source>required</source>
        <translation>必填</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Ready to start</source>
        <translation>可以开始</translation>
    </message>
    <message>
        <source>%1 needs a look</source>
        <translation>%1 需要检查</translation>
    </message>
    <message>
        <source>Stop the run in progress first</source>
        <translation>请先停止正在进行的运行</translation>
    </message>
    <message>
        <source>Start the run</source>
        <translation>开始运行</translation>
    </message>
    <message>
        <source>Mend what is marked first</source>
        <translation>请先改正标出的项</translation>
    </message>
</context>
<context>
    <name>OpenModelDialog</name>
    <message>
        <source>%1, %2 parameters, %3 active a token</source>
        <translation>%1，%2 参数，每词元激活 %3</translation>
    </message>
    <message>
        <source>%1 layers, %2 experts, %3 chosen a token</source>
        <translation>%1 层，%2 个专家，每词元选 %3 个</translation>
    </message>
    <message>
        <source>%1 layers, dense</source>
        <translation>%1 层，稠密</translation>
    </message>
    <message>
        <source>Weights as they were trained, context %1 tokens</source>
        <translation>权重未量化，上下文 %1 个词元</translation>
    </message>
    <message>
        <source>Weights quantised as %1, context %2 tokens</source>
        <translation>权重按 %1 量化，上下文 %2 个词元</translation>
    </message>
    <message>
        <source>Memory: %1 GB weights and %2 GB KV cache of %3 GB that are free</source>
        <translation>内存：权重 %1 GB，KV 缓存 %2 GB，可用 %3 GB</translation>
    </message>
    <message>
        <source>The weights do not fit: quantise the model, or close programs</source>
        <translation>内存放不下权重：请量化模型，或关闭其他程序</translation>
    </message>
    <message>
        <source>A whole context does not fit: it is opened with a shorter one</source>
        <translation>内存放不下完整上下文：将以较短的上下文打开</translation>
    </message>
    <message>
        <source>Checkpoint of step %1</source>
        <translation>第 %1 步的检查点</translation>
    </message>
    <message>
        <source>Runs on: CPU</source>
        <translation>运行设备：CPU</translation>
    </message>
    <message>
        <source>Open a model</source>
        <translation>打开模型</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Folder with config.json and model*.safetensors</source>
        <translation>含 config.json 与 model*.safetensors 的文件夹</translation>
    </message>
    <message>
        <source>Recent models and checkpoints of runs</source>
        <translation>最近的模型与运行的检查点</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Run %1, checkpoint of step %2</source>
        <translation>运行 %1，第 %2 步的检查点</translation>
    </message>
    <message>
        <source>The weights do not fit beside the open model: choose a smaller or a quantised one, or close programs</source>
        <translation>权重无法与已打开的模型同时放入内存：请选择更小或量化的模型，或关闭其他程序</translation>
    </message>
    <message>
        <source>Compare with another model</source>
        <translation>与另一个模型比较</translation>
    </message>
</context>
<context>
    <name>PlotPanel</name>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>Axis range</source>
        <translation>坐标范围</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Last %1 steps</source>
        <translation>最近 %1 步</translation>
    </message>
</context>
<context>
    <name>PromptPage</name>
    <message>
        <source>Tokens of the prompt</source>
        <translation>提示词的词元</translation>
    </message>
    <message>
        <source>Prompt as the model reads it</source>
        <translation>模型读到的提示词</translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s), %1 characters</source>
        <translation>
            <numerusform>%Ln 个词元，%1 个字符</numerusform>
        </translation>
    </message>
    <message>
        <source>token %1, id %2: %3</source>
        <comment>place, id, text</comment>
        <translation>词元 %1，id %2：%3</translation>
    </message>
</context>
<context>
    <name>ReadoutStrip</name>
    <message>
        <source>No run</source>
        <translation>没有运行</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Stop and save</source>
        <translation>停止并保存</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>验证</translation>
    </message>
    <message>
        <source>Drop rate, mean</source>
        <translation>丢弃率均值</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>梯度范数</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>Step time</source>
        <translation>每步用时</translation>
    </message>
    <message>
        <source>s</source>
        <comment>seconds</comment>
        <translation>秒</translation>
    </message>
    <message>
        <source>MFU, 6N + causal attention</source>
        <translation>MFU，6N + 因果注意力</translation>
    </message>
    <message>
        <source>Cross-entropy plus weighted auxiliary losses, last step</source>
        <translation>交叉熵加上加权辅助损失，最近一步</translation>
    </message>
    <message>
        <source>Dropped assignments of all assignments, mean over layers, last step</source>
        <translation>丢弃的分配占全部分配之比，各层均值，最近一步</translation>
    </message>
    <message>
        <source>Model FLOPs utilisation: 6 × (attention + router + k experts + head) + 6 × layers × heads × head size × sequence length operations a token, as a share of the measured matmul peak</source>
        <translation>模型 FLOPs 利用率：每词元 6 ×（注意力 + 路由 + k 个专家 + 输出头）+ 6 × 层数 × 头数 × 头维 × 序列长度次运算，占实测矩阵乘法峰值的份额</translation>
    </message>
    <message>
        <source>MFU</source>
        <translation>MFU</translation>
    </message>
    <message>
        <source>Paused, %1</source>
        <translation>已暂停，%1</translation>
    </message>
    <message>
        <source>Running, %1</source>
        <translation>运行中，%1</translation>
    </message>
    <message>
        <source>Done, %1</source>
        <translation>已完成，%1</translation>
    </message>
    <message>
        <source>Stopped, %1</source>
        <translation>已停止，%1</translation>
    </message>
    <message>
        <source>Failed, %1</source>
        <translation>已失败，%1</translation>
    </message>
    <message>
        <source>Imported</source>
        <translation>已导入</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Go on with the run</source>
        <translation>继续此运行</translation>
    </message>
    <message>
        <source>Pause the run</source>
        <translation>暂停此运行</translation>
    </message>
    <message>
        <source>Only a run of this window can be paused</source>
        <translation>只能暂停本窗口的运行</translation>
    </message>
    <message>
        <source>Only a run of this window can be stopped</source>
        <translation>只能停止本窗口的运行</translation>
    </message>
    <message>
        <source>Step %1 of %2</source>
        <translation>步 %1 / %2</translation>
    </message>
    <message>
        <source>Step %1</source>
        <translation>步 %1</translation>
    </message>
    <message>
        <source>%1 of %2 tokens</source>
        <translation>%1 / %2 词元</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 词元</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>剩余 %1</translation>
    </message>
</context>
<context>
    <name>RecentChats</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Conversation, with %1</source>
        <translation>对话，与 %1</translation>
    </message>
</context>
<context>
    <name>RecentModel</name>
    <message>
        <source>yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>d MMM</source>
        <comment>date without year, Qt format</comment>
        <translation>M 月 d 日</translation>
    </message>
    <message>
        <source>d MMM yyyy</source>
        <comment>date with year, Qt format</comment>
        <translation>yyyy 年 M 月 d 日</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Opened</source>
        <translation>打开时间</translation>
    </message>
</context>
<context>
    <name>RecentRuns</name>
    <message>
        <source>training</source>
        <translation>训练中</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>imported</source>
        <translation>已导入</translation>
    </message>
    <message>
        <source>Run, %1 layers × %2 experts</source>
        <translation>运行，%1 层 × %2 个专家</translation>
    </message>
    <message>
        <source>Run, from %1</source>
        <translation>运行，来自 %1</translation>
    </message>
    <message>
        <source>Run, dense</source>
        <translation>运行，稠密模型</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <comment>state, progress</comment>
        <translation>%1，%2</translation>
    </message>
    <message>
        <source>%1, valid %2</source>
        <comment>state, best validation loss</comment>
        <translation>%1，验证 %2</translation>
    </message>
    <message>
        <source>stopped at %1</source>
        <comment>step</comment>
        <translation>停在第 %1 步</translation>
    </message>
    <message>
        <source>failed at %1</source>
        <comment>step</comment>
        <translation>在第 %1 步失败</translation>
    </message>
</context>
<context>
    <name>RequestTableModel</name>
    <message>
        <source>reading</source>
        <translation>读取中</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>回答中</translation>
    </message>
    <message>
        <source>Request %1, %2</source>
        <translation>请求 %1，%2</translation>
    </message>
    <message>
        <source>s</source>
        <comment>seconds</comment>
        <translation>秒</translation>
    </message>
    <message>
        <source>Client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Tokens of the prompt</source>
        <translation>提示词的词元</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Tokens generated</source>
        <translation>已生成的词元</translation>
    </message>
    <message>
        <source>Made</source>
        <comment>tokens generated, short</comment>
        <translation>生成</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
</context>
<context>
    <name>RoutingPanel</name>
    <message>
        <source>Show as table</source>
        <translation>显示为表格</translation>
    </message>
    <message>
        <source>Reply routing, layers by experts</source>
        <translation>回复路由，层 × 专家</translation>
    </message>
    <message>
        <source>Reply routing as a table, layers by experts</source>
        <translation>回复路由表，层 × 专家</translation>
    </message>
    <message>
        <source>This reply</source>
        <translation>本条回复</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>实时</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Layer %1, expert %2</source>
        <translation>第 %1 层，专家 %2</translation>
    </message>
    <message>
        <source>Masked</source>
        <translation>已屏蔽</translation>
    </message>
    <message>
        <source>in this conversation</source>
        <translation>仅本会话</translation>
    </message>
    <message>
        <source>Utilisation</source>
        <translation>利用率</translation>
    </message>
    <message>
        <source>Assignments</source>
        <translation>分配数</translation>
    </message>
    <message>
        <source>Ideal</source>
        <translation>理想值</translation>
    </message>
    <message>
        <source>Unmask expert %1 of layer %2</source>
        <translation>取消屏蔽第 %2 层专家 %1</translation>
    </message>
    <message>
        <source>Mask expert %1 of layer %2</source>
        <translation>屏蔽第 %2 层专家 %1</translation>
    </message>
    <message>
        <source>Show its tokens</source>
        <translation>显示它的词元</translation>
    </message>
    <message>
        <source>Hide its tokens</source>
        <translation>隐藏它的词元</translation>
    </message>
    <message>
        <source>Show layer %1 in the strip</source>
        <translation>在条带中显示第 %1 层</translation>
    </message>
    <message>
        <source>What the map shows</source>
        <translation>热图内容</translation>
    </message>
    <message>
        <source>%1 more</source>
        <comment>side or branch</comment>
        <translation>%1更多</translation>
    </message>
    <message>
        <source>share of tokens</source>
        <translation>词元占比</translation>
    </message>
    <message>
        <source>utilisation</source>
        <translation>利用率</translation>
    </message>
    <message>
        <source>Tokens, %1</source>
        <translation>词元占比，%1</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差值</translation>
    </message>
</context>
<context>
    <name>RoutingTooltip</name>
    <message>
        <source>token %1 of %2, layer %3</source>
        <translation>词元 %1 / %2，第 %3 层</translation>
    </message>
    <message>
        <source>runner-up %1, gate %2</source>
        <translation>候补 %1，门控 %2</translation>
    </message>
    <message>
        <source>token %1 of %2</source>
        <translation>词元 %1 / %2</translation>
    </message>
    <message>
        <source>layer %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message>
        <source>Chosen</source>
        <translation>选中</translation>
    </message>
    <message>
        <source>gate</source>
        <translation>门控</translation>
    </message>
    <message>
        <source>weight</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Runners-up</source>
        <translation>候补</translation>
    </message>
    <message>
        <source>Expert %1</source>
        <translation>专家 %1</translation>
    </message>
    <message>
        <source>This token in every layer (experts down, layers across)</source>
        <translation>该词元在各层（纵为专家，横为层）</translation>
    </message>
    <message>
        <source>expert %1, gate %2, weight %3</source>
        <translation>专家 %1，门控 %2，权重 %3</translation>
    </message>
</context>
<context>
    <name>RunTableModel</name>
    <message>
        <source>%1, step %2</source>
        <translation>%1，步 %2</translation>
    </message>
    <message>
        <source>Loss: last %1, best %2</source>
        <translation>损失：最近 %1，最佳 %2</translation>
    </message>
    <message>
        <source>Validation: last %1, best %2</source>
        <translation>验证：最近 %1，最佳 %2</translation>
    </message>
    <message>
        <source>Tags: %1</source>
        <translation>标签：%1</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1，%2</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Best valid</source>
        <translation>最佳验证</translation>
    </message>
</context>
<context>
    <name>RunsPanel</name>
    <message>
        <source>Filter by name or tag</source>
        <translation>按名称或标签筛选</translation>
    </message>
    <message>
        <source>Filter runs</source>
        <translation>筛选运行</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>New run</source>
        <translation>新建运行</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Start the demo</source>
        <translation>启动演示</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Tags…</source>
        <translation>标签…</translation>
    </message>
    <message>
        <source>Notes…</source>
        <translation>备注…</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>最新在前</translation>
    </message>
    <message>
        <source>No runs yet. Start the demo or import a TensorBoard folder.</source>
        <translation>还没有运行。启动演示，或导入 TensorBoard 文件夹。</translation>
    </message>
    <message>
        <source>No run matches “%1”.</source>
        <translation>没有运行符合“%1”。</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Take from the plots</source>
        <translation>从图表移除</translation>
    </message>
    <message>
        <source>Show in the plots</source>
        <translation>在图表中显示</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消固定</translation>
    </message>
    <message>
        <source>Pin as baseline</source>
        <translation>固定为基线</translation>
    </message>
    <message>
        <source>Resume from the last checkpoint</source>
        <translation>从最近的检查点恢复</translation>
    </message>
    <message>
        <source>Rename run</source>
        <translation>重命名运行</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Tags, separated by commas</source>
        <translation>标签，以逗号分隔</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Delete run</source>
        <translation>删除运行</translation>
    </message>
    <message>
        <source>Delete the record of %1? Its %2 steps cannot be brought back; checkpoints stay.</source>
        <translation>删除 %1 的记录？其 %2 步无法找回；检查点会保留。</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>SearchField</name>
    <message>
        <source>Find an action, run, layer or metric</source>
        <translation>查找操作、运行、层或指标</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>New key</source>
        <translation>新按键</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Default shortcuts</source>
        <translation>默认快捷键</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation>跟随桌面</translation>
    </message>
    <message>
        <source>from the next start on</source>
        <translation>下次启动生效</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Store</source>
        <translation>存储</translation>
    </message>
    <message>
        <source>Runs, chats and plans. --store or MOE_STORE names another file.</source>
        <translation>运行、对话与方案。--store 或 MOE_STORE 可指定其他文件。</translation>
    </message>
    <message>
        <source>Language and display</source>
        <translation>语言与显示</translation>
    </message>
    <message>
        <source>Theme: light or dark</source>
        <translation>主题：浅色或深色</translation>
    </message>
    <message>
        <source>Store: where runs are kept</source>
        <translation>存储：运行保存在何处</translation>
    </message>
    <message>
        <source>Shortcuts: change a key</source>
        <translation>快捷键：更改按键</translation>
    </message>
    <message>
        <source>%1 belongs to “%2”. Take it away there first, or choose another key.</source>
        <translation>%1 已用于“%2”。请先在那里取消，或选择其他按键。</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>All shortcuts</source>
        <translation>全部快捷键</translation>
    </message>
    <message>
        <source>In plots and maps</source>
        <translation>图表与热图中</translation>
    </message>
    <message>
        <source>Pan</source>
        <translation>平移</translation>
    </message>
    <message>
        <source>Drag</source>
        <translation>拖动</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Ctrl+wheel</source>
        <translation>Ctrl+滚轮</translation>
    </message>
    <message>
        <source>Zoom to a box</source>
        <translation>框选放大</translation>
    </message>
    <message>
        <source>Shift+drag</source>
        <translation>Shift+拖动</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适应</translation>
    </message>
    <message>
        <source>Home</source>
        <translation>Home</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>后退</translation>
    </message>
    <message>
        <source>Backspace</source>
        <translation>退格</translation>
    </message>
    <message>
        <source>Move the cell or the crosshair</source>
        <translation>移动单元格或十字线</translation>
    </message>
    <message>
        <source>Arrow keys</source>
        <translation>方向键</translation>
    </message>
    <message>
        <source>Open the layer</source>
        <translation>打开该层</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>回车</translation>
    </message>
</context>
<context>
    <name>SideHead</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>Train sparse mixture-of-experts models, run them in FP8, plan how they are laid out on devices.</source>
        <translation>训练稀疏混合专家模型，以 FP8 运行，并规划其在设备上的布局。</translation>
    </message>
    <message>
        <source>Begin</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>最近</translation>
    </message>
    <message>
        <source>Filter runs, models, conversations and plans</source>
        <translation>筛选运行、模型、对话与方案</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Find any action</source>
        <translation>查找任意操作</translation>
    </message>
    <message>
        <source>All shortcuts</source>
        <translation>全部快捷键</translation>
    </message>
    <message>
        <source>Workspaces</source>
        <translation>工作区</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <comment>first and last key</comment>
        <translation>%1 至 %2</translation>
    </message>
    <message>
        <source>Pause updates</source>
        <translation>暂停更新</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>No runs yet. Start the demo or import a TensorBoard folder.</source>
        <translation>还没有运行。启动演示，或导入 TensorBoard 文件夹。</translation>
    </message>
    <message>
        <source>Nothing here has these words. Clear the filter to see all.</source>
        <translation>没有包含这些字的条目。清除筛选可查看全部。</translation>
    </message>
    <message>
        <source>All runs (%1)</source>
        <translation>全部运行（%1）</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Show the log</source>
        <translation>显示日志</translation>
    </message>
    <message numerus="yes">
        <source>%n warning(s)</source>
        <translation>
            <numerusform>%n 条警告</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SteeringPanel</name>
    <message>
        <source>Apply</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>Revert</source>
        <translation>还原</translation>
    </message>
    <message>
        <source>dropless</source>
        <translation>无丢弃</translation>
    </message>
    <message>
        <source>Room of an expert over its fair share; 0 keeps every assignment</source>
        <translation>专家容量相对其应得份额的倍数；0 表示保留所有分配</translation>
    </message>
    <message>
        <source>adaptive</source>
        <translation>自适应</translation>
    </message>
    <message>
        <source>constant</source>
        <translation>恒定</translation>
    </message>
    <message>
        <source>Peak learning rate</source>
        <translation>峰值学习率</translation>
    </message>
    <message>
        <source>Capacity factor</source>
        <translation>容量系数</translation>
    </message>
    <message>
        <source>Aux coefficient</source>
        <translation>辅助系数</translation>
    </message>
    <message>
        <source>per layer</source>
        <translation>逐层</translation>
    </message>
    <message>
        <source>Only a run in progress can be steered</source>
        <translation>只能调控正在进行的运行</translation>
    </message>
    <message>
        <source>No run file: the settings are not known</source>
        <translation>没有运行文件：设置未知</translation>
    </message>
    <message>
        <source>The schedule&apos;s peak; takes effect between two steps</source>
        <translation>学习率计划的峰值；在两步之间生效</translation>
    </message>
</context>
<context>
    <name>StripCanvas</name>
    <message>
        <source>Experts of the reply, token by token</source>
        <translation>回复中各词元的专家</translation>
    </message>
    <message>
        <source>Left and Right move along the tokens, Up and Down change the layer</source>
        <translation>左右键在词元间移动，上下键切换层</translation>
    </message>
    <message>
        <source>Tokens in view</source>
        <translation>显示中的词元</translation>
    </message>
</context>
<context>
    <name>TensorFilter</name>
    <message numerus="yes">
        <source>%n tensor(s)</source>
        <translation>
            <numerusform>%n 个张量</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 of %n tensor(s)</source>
        <translation>
            <numerusform>%n 个张量中的 %1 个</numerusform>
        </translation>
    </message>
    <message>
        <source>%1, %2 values, %3</source>
        <comment>tensors, values, bytes</comment>
        <translation>%1，%2 个值，%3</translation>
    </message>
</context>
<context>
    <name>TensorTableModel</name>
    <message>
        <source>scalar</source>
        <translation>标量</translation>
    </message>
    <message>
        <source>%1
%2 values, %3 bytes</source>
        <translation>%1
%2 个值，%3 字节</translation>
    </message>
    <message>
        <source>Tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Dtype</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
</context>
<context>
    <name>TimeSeriesPlot</name>
    <message>
        <source>step %1</source>
        <translation>步 %1</translation>
    </message>
    <message>
        <source>Line plot. Arrow keys move the crosshair, plus and minus zoom, Backspace goes back, Home shows everything.</source>
        <translation>折线图。方向键移动十字线，加减号缩放，退格后退，Home 显示全部。</translation>
    </message>
    <message>
        <source>seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>step</source>
        <translation>步</translation>
    </message>
</context>
<context>
    <name>TitleBar</name>
    <message>
        <source>More about %1</source>
        <translation>%1 的更多选项</translation>
    </message>
    <message>
        <source>Float</source>
        <translation>浮动</translation>
    </message>
    <message>
        <source>Dock</source>
        <translation>停靠</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1，%2</translation>
    </message>
</context>
<context>
    <name>TokenTableModel</name>
    <message>
        <source>Special token %1</source>
        <translation>特殊词元 %1</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Id</source>
        <translation>Id</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
</context>
<context>
    <name>TrainingWorkspace</name>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Layers of %1</source>
        <translation>%1 的层</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>a run is in progress: this window: stop it first</source>
        <translation>有运行正在进行：本窗口：请先停止它</translation>
    </message>
</context>
<context>
    <name>TrainingWorkspace::Impl</name>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Steering</source>
        <translation>调控</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>New run</source>
        <translation>新建运行</translation>
    </message>
    <message>
        <source>checked as typed</source>
        <translation>边输入边检查</translation>
    </message>
    <message>
        <source>Layer %1, expert %2 is dead:</source>
        <translation>第 %1 层的专家 %2 已失活：</translation>
    </message>
    <message>
        <source>no assignments since step %1. Raise ξ or α_max, or open the layer to see when it faded.</source>
        <translation>自步 %1 起没有分配。请提高 ξ 或 α_max，或打开该层查看何时衰减。</translation>
    </message>
    <message>
        <source>Open layer %1</source>
        <translation>打开第 %1 层</translation>
    </message>
    <message>
        <source>CPU, %1, tp %2 pp %3 dp %4, zero %5</source>
        <translation>CPU，%1，tp %2 pp %3 dp %4，zero %5</translation>
    </message>
    <message>
        <source>%1 parameters, %2 active</source>
        <translation>%1 参数，激活 %2</translation>
    </message>
    <message>
        <source>Checkpoint at step %1</source>
        <translation>检查点：步 %1</translation>
    </message>
    <message>
        <source>New run…</source>
        <translation>新建运行…</translation>
    </message>
    <message>
        <source>Pause run</source>
        <translation>暂停运行</translation>
    </message>
    <message>
        <source>Stop run and save</source>
        <translation>停止运行并保存</translation>
    </message>
    <message>
        <source>Resume run from its last checkpoint</source>
        <translation>从最近的检查点恢复运行</translation>
    </message>
    <message>
        <source>Import runs…</source>
        <translation>导入运行…</translation>
    </message>
    <message>
        <source>Rename run…</source>
        <translation>重命名运行…</translation>
    </message>
    <message>
        <source>Tags of run…</source>
        <translation>运行的标签…</translation>
    </message>
    <message>
        <source>Notes on run…</source>
        <translation>运行的备注…</translation>
    </message>
    <message>
        <source>Delete run…</source>
        <translation>删除运行…</translation>
    </message>
    <message>
        <source>Pause updates</source>
        <translation>暂停更新</translation>
    </message>
    <message>
        <source>Filter runs</source>
        <translation>筛选运行</translation>
    </message>
    <message>
        <source>Reload runs</source>
        <translation>重新载入运行</translation>
    </message>
    <message>
        <source>All layers</source>
        <translation>所有层</translation>
    </message>
    <message>
        <source>Layer above</source>
        <translation>上一层</translation>
    </message>
    <message>
        <source>Layer below</source>
        <translation>下一层</translation>
    </message>
    <message>
        <source>Show all steps</source>
        <translation>显示所有步</translation>
    </message>
    <message>
        <source>Export dashboard…</source>
        <translation>导出仪表板…</translation>
    </message>
    <message>
        <source>Export plot as PNG…</source>
        <translation>将图表导出为 PNG…</translation>
    </message>
    <message>
        <source>Export plot as SVG…</source>
        <translation>将图表导出为 SVG…</translation>
    </message>
    <message>
        <source>Export plot as CSV…</source>
        <translation>将图表导出为 CSV…</translation>
    </message>
    <message>
        <source>Export record as %1…</source>
        <translation>将记录导出为 %1…</translation>
    </message>
    <message>
        <source>X axis</source>
        <translation>横轴</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>Wall time</source>
        <translation>实际时间</translation>
    </message>
    <message>
        <source>Relative</source>
        <translation>相对时间</translation>
    </message>
    <message>
        <source>Time since the run was started, pauses included</source>
        <translation>自运行开始起的时间，含暂停</translation>
    </message>
    <message>
        <source>Time spent in training steps</source>
        <translation>训练步所用的时间</translation>
    </message>
    <message>
        <source>Range</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Last %1</source>
        <translation>最近 %1</translation>
    </message>
    <message>
        <source>Smoothing</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>No run of this window is in progress</source>
        <translation>本窗口没有正在进行的运行</translation>
    </message>
    <message>
        <source>Go on with run</source>
        <translation>继续运行</translation>
    </message>
    <message>
        <source>Stop the run in progress first</source>
        <translation>请先停止正在进行的运行</translation>
    </message>
    <message>
        <source>Choose a run that has ended</source>
        <translation>请选择已结束的运行</translation>
    </message>
    <message>
        <source>Open a layer first</source>
        <translation>请先打开一层</translation>
    </message>
    <message>
        <source>No plot is shown</source>
        <translation>没有显示图表</translation>
    </message>
    <message>
        <source>Export %1</source>
        <translation>导出 %1</translation>
    </message>
    <message>
        <source>cannot write: %1: choose a folder that you may write to</source>
        <translation>无法写入：%1：请选择可写的文件夹</translation>
    </message>
    <message>
        <source>Export dashboard</source>
        <translation>导出仪表板</translation>
    </message>
    <message>
        <source>dashboard</source>
        <translation>仪表板</translation>
    </message>
    <message>
        <source>PNG picture (*.png)</source>
        <translation>PNG 图片 (*.png)</translation>
    </message>
    <message>
        <source>nothing to export: no run is open: choose a run first</source>
        <translation>没有可导出的内容：未打开运行：请先选择运行</translation>
    </message>
    <message>
        <source>Export record</source>
        <translation>导出记录</translation>
    </message>
    <message>
        <source>drop rate %1 %</source>
        <translation>丢弃率 %1 %</translation>
    </message>
    <message>
        <source>drop rate not known</source>
        <translation>丢弃率未知</translation>
    </message>
    <message numerus="yes">
        <source>, %n dead</source>
        <translation>
            <numerusform>，%n 个失活</numerusform>
        </translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message>
        <source>%1, step %2</source>
        <translation>%1，步 %2</translation>
    </message>
    <message>
        <source>Steering was refused:</source>
        <translation>调控被拒绝：</translation>
    </message>
    <message numerus="yes">
        <source>%n runs imported</source>
        <translation>
            <numerusform>已导入 %n 个运行</numerusform>
        </translation>
    </message>
    <message>
        <source>The record is written:</source>
        <translation>记录已写入：</translation>
    </message>
    <message>
        <source>a run in progress cannot be deleted: %1: stop it first</source>
        <translation>正在进行的运行不能删除：%1：请先停止它</translation>
    </message>
    <message>
        <source>a run is in progress: %1: stop it first</source>
        <translation>有运行正在进行：%1：请先停止它</translation>
    </message>
    <message>
        <source>Five runs are shown:</source>
        <translation>已显示五个运行：</translation>
    </message>
    <message>
        <source>take one from the plots first</source>
        <translation>请先从图表移除一个</translation>
    </message>
    <message>
        <source>Import runs</source>
        <translation>导入运行</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>%1 experts are dead:</source>
        <translation>%1 个专家已失活：</translation>
    </message>
    <message>
        <source>layer %1 expert %2</source>
        <translation>第 %1 层专家 %2</translation>
    </message>
    <message numerus="yes">
        <source>%n more</source>
        <translation>
            <numerusform>另有 %n 个</numerusform>
        </translation>
    </message>
    <message>
        <source>%1. Raise ξ or α_max, or open the layer to see when it faded.</source>
        <translation>%1。请提高 ξ 或 α_max，或打开该层查看何时衰减。</translation>
    </message>
    <message>
        <source>, </source>
        <comment>between experts</comment>
        <translation>、</translation>
    </message>
    <message>
        <source>Imported record</source>
        <translation>导入的记录</translation>
    </message>
    <message>
        <source>Exponential mean, debiased: a value 1/4,000 of the planned run back (1 to 20 steps) counts this much of the newest</source>
        <translation>去偏指数均值：计划运行的 1/4,000（1 至 20 步）之前的值，权重为最新值的这一比例</translation>
    </message>
    <message>
        <source>Show the Training page first</source>
        <translation>请先切换到训练页</translation>
    </message>
</context>
<context>
    <name>models</name>
    <message>
        <source>d</source>
        <translation>天</translation>
    </message>
    <message>
        <source>h</source>
        <translation>小时</translation>
    </message>
    <message>
        <source>min</source>
        <translation>分</translation>
    </message>
    <message>
        <source>s</source>
        <translation>秒</translation>
    </message>
</context>
<context>
    <name>moe::models</name>
    <message>
        <source>dropless</source>
        <translation>无丢弃</translation>
    </message>
    <message>
        <source>%1 numbers</source>
        <translation>%1 个数</translation>
    </message>
    <message>
        <source>adaptive</source>
        <translation>自适应</translation>
    </message>
    <message>
        <source>%1 %2 → %3</source>
        <translation>%1 %2 → %3</translation>
    </message>
    <message>
        <source>, by %1</source>
        <translation>，由 %1</translation>
    </message>
    <message>
        <source>you</source>
        <translation>您</translation>
    </message>
    <message>
        <source>α of layer %1</source>
        <translation>第 %1 层的 α</translation>
    </message>
    <message>
        <source>capacity factor</source>
        <translation>容量系数</translation>
    </message>
    <message>
        <source>peak learning rate</source>
        <translation>峰值学习率</translation>
    </message>
    <message>
        <source>Checkpoint saved, %1 s</source>
        <translation>检查点已保存，%1 秒</translation>
    </message>
    <message>
        <source>Checkpoint saved</source>
        <translation>检查点已保存</translation>
    </message>
    <message>
        <source>Validation loss %1</source>
        <translation>验证损失 %1</translation>
    </message>
    <message>
        <source>Layer %1: expert %2 dead</source>
        <translation>第 %1 层：专家 %2 失活</translation>
    </message>
    <message>
        <source>Resumed from step %1</source>
        <translation>从步 %1 恢复</translation>
    </message>
    <message>
        <source>Failed: %1</source>
        <translation>失败：%1</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Stopped by %1</source>
        <translation>由 %1 停止</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>已开始</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Went on</source>
        <translation>已继续</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已结束</translation>
    </message>
    <message>
        <source>Warm-up over</source>
        <translation>预热结束</translation>
    </message>
</context>
<context>
    <name>moe::shell</name>
    <message>
        <source>cannot write: %1: choose a folder that you may write to</source>
        <translation>无法写入：%1：请选择可写的文件夹</translation>
    </message>
    <message>
        <source>Export PNG…</source>
        <translation>导出 PNG…</translation>
    </message>
    <message>
        <source>PNG picture (*.png)</source>
        <translation>PNG 图片 (*.png)</translation>
    </message>
    <message>
        <source>Export SVG…</source>
        <translation>导出 SVG…</translation>
    </message>
    <message>
        <source>SVG drawing (*.svg)</source>
        <translation>SVG 图形 (*.svg)</translation>
    </message>
    <message>
        <source>Export CSV…</source>
        <translation>导出 CSV…</translation>
    </message>
    <message>
        <source>CSV table (*.csv)</source>
        <translation>CSV 表格 (*.csv)</translation>
    </message>
</context>
<context>
    <name>session</name>
    <message>
        <source>out of memory: this machine: close other programs or choose a smaller model</source>
        <translation>内存不足：本机：请关闭其他程序或选择更小的模型</translation>
    </message>
    <message>
        <source>the engine met an unexpected condition: this run: see the log and report it</source>
        <translation>引擎遇到意外情况：此运行：请查看日志并报告</translation>
    </message>
</context>
</TS>
