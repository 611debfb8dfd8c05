import { lowered, shownNumber } from "./numbers.ts";
import type { Translated } from "./translated.ts";
import type { unrolledEnglish } from "./unrolled-english.ts";

const n = (value: number) => shownNumber("zh", value);

/** The same in Chinese. */
export const unrolledChinese: Translated<typeof unrolledEnglish> = {
  "unrolled.title": "展开的循环神经网络",
  "unrolled.intro":
    "同一个单元，每个时间步画一次：所有时间步共享同一组权重。网络读入一个序列，要在最后说出它最先读到的数。先看隐藏状态从左到右逐步算出，再看损失的梯度从右到左反向传播。",
  "unrolled.cell": "单元",
  "unrolled.stepCount": "时间步数",
  "unrolled.recurrentScale": "循环权重",
  "unrolled.recurrentScale.hint": "乘以一个正交矩阵，因此就是它的范数",
  "unrolled.inputScale": "输入权重",
  "unrolled.inputScale.hint": "输入过大会把 tanh 推到平坦处",
  "unrolled.gateBias": "保留门的偏置",
  "unrolled.gateBias.hint": (kept: number) => `LSTM 的 f、GRU 的 z；静止时此门让 ${n(kept)} 通过`,
  "unrolled.seed": "换一组数",
  "unrolled.presets": "值得一看的设置",
  "unrolled.preset.vanishing": "梯度消失",
  "unrolled.preset.initial": "Keras 的初始权重",
  "unrolled.preset.exploding": "梯度爆炸",

  "unrolled.toStart": "回到开头",
  "unrolled.back": "后退一步",
  "unrolled.play": "播放",
  "unrolled.pause": "暂停",
  "unrolled.forth": "前进一步",
  "unrolled.toEnd": "跳到结尾",
  "unrolled.position": "前向与反向传播的进度",
  "unrolled.at.start": "第一个时间步之前",
  "unrolled.at.forward": (t: number, steps: number) =>
    `前向传播，第 ${n(t)} 步（共 ${n(steps)} 步）：隐藏状态读入 x${lowered(t)}`,
  "unrolled.at.loss": (loss: string) => `最后一个输出的损失：L = ${loss}`,
  "unrolled.at.backward": (t: number, norm: string) =>
    `反向传播，到第 ${n(t)} 步：|∂L/∂h${lowered(t)}| = ${norm}`,

  "unrolled.picture": (cell: string, steps: number) =>
    `${cell} 按 ${n(steps)} 个时间步展开；全部数值见下方表格`,
  "unrolled.scroll": "网络图，可左右滚动",
  "unrolled.target": "目标",
  "unrolled.unit": (t: number, unit: number, value: string) =>
    `h${lowered(t)}，第 ${n(unit)} 个神经元：${value}`,
  "unrolled.unit.c": (t: number, unit: number, value: string) =>
    `c${lowered(t)}，第 ${n(unit)} 个神经元：${value}`,
  "unrolled.key.forward": "前向：权重；状态里的条形是各神经元的值，向左为负",
  "unrolled.key.backward": "反向：箭头越粗，梯度越大（对数比例）",

  "unrolled.chart": "各时间步的梯度",
  "unrolled.chart.caption":
    "梯度的范数随时间步的变化（对数坐标），各单元用同一序列和同样的设置。向左的直线下降就是指数级的梯度消失。",
  "unrolled.chart.x": "时间步 t",
  "unrolled.chart.y": "梯度的范数",

  "unrolled.fading.ratio": "|∂L/∂h₁| / |∂L/∂h_T|",
  "unrolled.fading.factor": "每步的倍数",
  "unrolled.fading.keeping": "每步平均保留多少",
  "unrolled.fading.loss": "损失 L",
  "unrolled.keeping.simpleRnn": (slope: string, product: string) =>
    `tanh 的斜率 ${slope}，再乘循环权重得 ${product}`,
  "unrolled.keeping.lstm": (gate: string) => `遗忘门 f ${gate}`,
  "unrolled.keeping.gru": (gate: string) => `更新门 z ${gate}`,
  "unrolled.why":
    "在 SimpleRNN 中，梯度每往回一步都要乘以 tanh 的斜率（最大为 1）和循环权重：范数小于 1 时只会消失；大于 1 时可能爆炸，直到状态大得让 tanh 变平。LSTM 的细胞状态有一条只经过遗忘门的回路，GRU 的状态有一条经过更新门的回路：门让多少通过是学出来的，可以接近 1。门没有打开时它们同样不受保护：Keras 的初始偏置为 1，遗忘门从 0.73 开始，步数一多梯度也会消失。",

  "unrolled.equations": "公式",
  "unrolled.equations.forward": "前向传播",
  "unrolled.equations.backward": "反向传播",
  "unrolled.equations.hat": "带尖号的量是 σ 或 tanh 括号内的和。",
  "unrolled.numbers": "全部数值（表格）",
  "unrolled.numbers.caption": (cell: string) => `${cell}，逐步数值`,
  "unrolled.numbers.step": "时间步 t",
  "unrolled.numbers.all": "各单元的梯度（表格）",
};
