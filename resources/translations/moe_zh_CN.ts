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
</context>
<context>
    <name>Conductor::Impl</name>
    <message>
        <source>Watch the demo train</source>
        <translation>观看演示训练</translation>
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
        <translation>划分</translation>
    </message>
    <message>
        <source>Partition comes with version 0.4, which plans layouts</source>
        <translation>划分将随可规划布局的 0.4 版提供</translation>
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
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>已失败</translation>
    </message>
    <message>
        <source>imported</source>
        <translation>已导入</translation>
    </message>
    <message>
        <source>Run, %1</source>
        <translation>运行，%1</translation>
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
        <source>Number of steps a display column covers</source>
        <translation>每个显示列涵盖的步数</translation>
    </message>
    <message>
        <source>as many as fit</source>
        <translation>按宽度自动</translation>
    </message>
    <message>
        <source>Steps a display column covers</source>
        <translation>每个显示列涵盖的步数</translation>
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
</TS>
