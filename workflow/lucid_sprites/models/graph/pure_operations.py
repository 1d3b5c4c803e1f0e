"""Which operations of TensorFlow may run: pure functions of tensors, by name.

An allow-list, since no flag of TensorFlow's registry tells: `DebugIdentity` writes to any address
and `ImmutableConst` reads any file, and neither is marked as stateful. What has state or a queue,
reads or writes files, talks to hosts, calls Python, reads descriptors, prints, or is not known to
this TensorFlow is not on it. Nor are calls of functions: these are inlined before.
"""

_ELEMENTWISE = """
Abs Acos Acosh Add AddN AddV2 AccumulateNV2 Angle ApproximateEqual Asin Asinh Atan Atan2 Atanh
BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e
BesselY0 BesselY1 Betainc BitwiseAnd BitwiseOr BitwiseXor Bucketize Cast Ceil ClipByValue Complex
ComplexAbs Conj Cos Cosh Dawsn Digamma Div DivNoNan Elu Equal Erf Erfc Erfinv Exp Expint Expm1
Floor FloorDiv FloorMod FresnelCos FresnelSin Greater GreaterEqual Igamma Igammac Imag Inv Invert
IsFinite IsInf IsNan LeakyRelu LeftShift Less LessEqual Lgamma Log Log1p LogicalAnd LogicalNot
LogicalOr Maximum Minimum Mod Mul MulNoNan Ndtri Neg NextAfter NotEqual Polygamma PopulationCount
Pow Real RealDiv Reciprocal Relu Relu6 RightShift Rint Round Rsqrt Select SelectV2 Selu Sigmoid
Sign Sin Sinh Softplus Softsign Spence Sqrt Square SquaredDifference Sub Tan Tanh ToBool
TruncateDiv TruncateMod Xdivy Xlog1py Xlogy Zeta EluGrad LeakyReluGrad ReciprocalGrad Relu6Grad
ReluGrad RsqrtGrad SeluGrad SigmoidGrad SoftplusGrad SoftsignGrad SqrtGrad TanhGrad InvGrad
"""
_REDUCTIONS = """
All Any ArgMax ArgMin Bincount Cumprod Cumsum CumulativeLogsumexp DenseBincount EuclideanNorm
HistogramFixedWidth InTopK InTopKV2 L2Loss LogSoftmax Max Mean Min NthElement Prod SegmentMax
SegmentMean SegmentMin SegmentProd SegmentSum Softmax SoftmaxCrossEntropyWithLogits
SparseSoftmaxCrossEntropyWithLogits Sum TopK TopKV2 UnsortedSegmentMax UnsortedSegmentMin
UnsortedSegmentProd UnsortedSegmentSum
"""
_PICTURES = """
AdjustContrast AdjustContrastv2 AdjustHue AdjustSaturation AvgPool AvgPool3D AvgPoolGrad
BatchNormWithGlobalNormalization BatchToSpace BatchToSpaceND BiasAdd BiasAddGrad BiasAddV1
CombinedNonMaxSuppression Conv Conv2D Conv2DBackpropFilter Conv2DBackpropInput Conv3D
Conv3DBackpropInput Conv3DBackpropInputV2 CropAndResize DataFormatDimMap DataFormatVecPermute
DepthToSpace DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter
DepthwiseConv2dNativeBackpropInput Dilation2D DrawBoundingBoxes DrawBoundingBoxesV2 ExtractGlimpse
ExtractGlimpseV2 ExtractImagePatches ExtractVolumePatches FusedBatchNorm FusedBatchNormV2
FusedBatchNormV3 GenerateBoundingBoxProposals HSVToRGB ImageProjectiveTransformV2
ImageProjectiveTransformV3 LRN LRNGrad MaxPool MaxPool3D MaxPoolGrad MaxPoolGradV2 MaxPoolV2
MaxPoolWithArgmax NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4
NonMaxSuppressionV5 NonMaxSuppressionWithOverlaps RGBToHSV ResizeArea ResizeBicubic ResizeBilinear
ResizeBilinearGrad ResizeNearestNeighbor ResizeNearestNeighborGrad ScaleAndTranslate SpaceToBatch
SpaceToBatchND SpaceToDepth
"""
_SHAPES = """
Bitcast BroadcastArgs BroadcastGradientArgs BroadcastTo Concat ConcatOffset ConcatV2 Const
DynamicPartition DynamicStitch EnsureShape ExpandDims Fill Gather GatherNd GatherV2 Identity
IdentityN InplaceAdd InplaceSub InplaceUpdate InvertPermutation LinSpace ListDiff LowerBound
MirrorPad NoOp OneHot OnesLike Pack Pad PadV2 ParallelConcat ParallelDynamicStitch PreventGradient
Range Rank Reshape Reverse ReverseSequence ReverseV2 Roll ScatterNd ScatterNdNonAliasingAdd Shape
ShapeN Size Slice Snapshot SparseToDense Split SplitV Squeeze StopGradient StridedSlice
StridedSliceGrad TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
TensorScatterUpdate TensorStridedSliceUpdate Tile Transpose ConjugateTranspose Unique UniqueV2
UniqueWithCounts UniqueWithCountsV2 Unpack UnravelIndex UpperBound Where ZerosLike
"""
_ALGEBRA = """
BatchMatMul BatchMatMulV2 BatchMatMulV3 Cholesky Cross Diag DiagPart Einsum FFT FFT2D FFT3D IFFT
IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D MatMul MatrixBandPart MatrixDeterminant MatrixDiag
MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixInverse
MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixTriangularSolve Qr RFFT RFFT2D
RFFT3D SelfAdjointEigV2 SparseTensorDenseMatMul Svd
"""
_QUANTIZED = """
Dequantize FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4
QuantizeDownAndShrinkRange QuantizeV2 QuantizedAdd QuantizedAvgPool QuantizedBiasAdd
QuantizedConcat QuantizedConv2D QuantizedMatMul QuantizedMaxPool QuantizedMul QuantizedRelu
QuantizedRelu6 QuantizedReshape RequantizationRange Requantize
"""
# Their value comes from outside, or holds in one branch or one round of a loop only, or they may
# end the run.
_VARYING_NAMES = """
Placeholder PlaceholderV2 PlaceholderWithDefault Switch Merge Enter Exit NextIteration LoopCond
CheckNumerics CheckNumericsV2
"""
_VARYING = frozenset(_VARYING_NAMES.split())
# `normal_form.randomness` puts constants in their place.
_RANDOM_NAMES = """
RandomUniform RandomStandardNormal TruncatedNormal StatelessRandomUniform StatelessRandomUniformV2
StatelessRandomNormal StatelessRandomNormalV2 StatelessTruncatedNormal StatelessTruncatedNormalV2
StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomGetAlg
"""
_RANDOM = frozenset(_RANDOM_NAMES.split())

FOLDABLE = frozenset(
    " ".join((_ELEMENTWISE, _REDUCTIONS, _PICTURES, _SHAPES, _ALGEBRA, _QUANTIZED)).split()
)
"""Operations whose value is fixed by their inputs."""

# They print, watch or copy on the way, and give their first input.
_PASS_THROUGH_NAMES = """
Print DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugGradientIdentity Copy CopyHost RefIdentity
"""
_PASS_THROUGH = frozenset(_PASS_THROUGH_NAMES.split())

# Reference types have been tensors since variables were frozen.
_WITHOUT_REFERENCE = {"RefSwitch": "Switch", "RefMerge": "Merge", "RefEnter": "Enter",
                      "RefExit": "Exit", "RefNextIteration": "NextIteration"}  # fmt: skip


def is_pure(operation: str) -> bool:
    """Whether an operation may stay in a graph."""
    return operation in FOLDABLE or operation in _VARYING or operation in _RANDOM


def substitute(operation: str) -> str | None:
    """The pure operation that gives the same as an impure one, if there is one."""
    if operation in _PASS_THROUGH:
        return "Identity"
    return _WITHOUT_REFERENCE.get(operation)
