"""The classes and functions of Keras that a model file may name.

All of them compute tensors from tensors, numbers for a start, or a penalty: none reads or writes a
file, imports a module, or takes code. What is not listed is not built, in either version of Keras.
"""


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


def _with_dimensions(*kinds: str) -> frozenset[str]:
    return frozenset(f"{kind}{n}D" for kind in _names(*kinds) for n in (1, 2, 3))


MODELS = _names("Functional Model Sequential")

LAYERS = _names(
    "Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average",
    "BatchNormalization BatchNormalizationV1 BatchNormalizationV2 Bidirectional CenterCrop",
    "Concatenate CuDNNGRU CuDNNLSTM Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU",
    "EinsumDense Embedding Flatten GRU GRUCell GRUV2 GaussianDropout GaussianNoise",
    "GroupNormalization GroupQueryAttention Identity InputLayer LSTM LSTMCell LSTMV2",
    "LayerNormalization LeakyReLU Masking Maximum Minimum MultiHeadAttention Multiply",
    "Normalization PReLU Permute RMSNormalization RNN ReLU RepeatVector Rescaling Reshape",
    "Resizing SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D",
    "SimpleRNN SimpleRNNCell Softmax SpectralNormalization StackedRNNCells Subtract",
    "ThresholdedReLU TimeDistributed UnitNormalization",
    # Augmentations, which do nothing when a model is applied.
    "AugMix AutoContrast CutMix Equalization MixUp Pipeline RandAugment RandomBrightness",
    "RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform",
    "RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue",
    "RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation",
    "RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom Solarization",
    # Of keras.applications.
    "Custom>CustomScaleLayer CustomScaleLayer LayerScale StochasticDepth",
) | _with_dimensions(
    "AdaptiveAveragePooling AdaptiveMaxPooling AveragePooling AvgPool Conv Convolution",
    "ConvLSTM Cropping GlobalAveragePooling GlobalAvgPool GlobalMaxPool GlobalMaxPooling",
    "LocallyConnected MaxPool MaxPooling SpatialDropout UpSampling ZeroPadding",
) | frozenset(f"Conv{n}DTranspose" for n in (1, 2, 3))  # fmt: skip

# Operations of `keras.ops` on symbolic tensors.
OPERATIONS = _names(
    "Abs Absolute Add Amax Amin Arccos Arcsin Arctan Arctan2 Argmax Argmin AveragePool BatchNorm",
    "BroadcastTo Cast Ceil Celu Clip Concatenate Conv ConvTranspose ConvertToTensor Copy Cos",
    "Cosh Cumprod Cumsum DepthToSpace DepthwiseConv Divide DivideNoNan Dot DotProductAttention",
    "Einsum Elu Equal Erf",
    "Exp Exp2 ExpandDims Expm1 Flip Floor FloorDivide Gelu GetItem Glu Greater GreaterEqual",
    "HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu Less LessEqual Log Log10 Log1p",
    "Log2 LogSigmoid LogSoftmax LogicalAnd LogicalNot LogicalOr Logsumexp Matmul Max MaxPool",
    "Maximum Mean Min Minimum Mod Moments Moveaxis Multiply Negative Norm Normalize NotEqual",
    "OneHot OnesLike Pad PadImages Power Prod RMSNorm RGBToGrayscale Ravel Reciprocal Relu Relu6",
    "Repeat Reshape Resize Roll Round Rsqrt SaturateCast Selu SeparableConv Sigmoid Sign Silu Sin",
    "Sinh Slice Softmax SoftShrink Softplus Softsign SpaceToDepth Sparsemax Split Sqrt Square",
    "Squareplus Squeeze Stack Std StopGradient Subtract Sum Swapaxes Take Tan Tanh TanhShrink",
    "Tensordot Threshold Tile TopK Transpose TrueDivide Unstack Var Where ZerosLike",
)

# A class or, in lower case, a function or an alias that makes one.
_INITIALIZERS = _names(
    "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer",
    "LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform",
    "TruncatedNormal VarianceScaling Zeros constant glorot_normal glorot_uniform he_normal",
    "he_uniform identity lecun_normal lecun_uniform normal one ones orthogonal random_normal",
    "random_uniform truncated_normal uniform variance_scaling zero zeros",
)
_PENALTIES = _names(
    "L1 L1L2 L2 OrthogonalRegularizer l1 l1_l2 l1l2 l2 orthogonal_regularizer",
    "MaxNorm MinMaxNorm NonNeg RadialConstraint UnitNorm max_norm maxnorm min_max_norm non_neg",
    "nonneg radial_constraint unit_norm unitnorm",
)
_ACTIVATIONS = _names(
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh",
    "leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink",
    "softmax softmax_v2 softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish",
    "tanh tanh_shrink threshold",
)
FUNCTIONS = _INITIALIZERS | _PENALTIES | _ACTIVATIONS

# Data, and the types of numbers.
_DATA = _names(
    "__keras_tensor__ __tensor__ __numpy__ __bytes__ __ellipsis__ __slice__ __tuple__",
    "TensorShape DTypePolicy DTypePolicyMap FloatDTypePolicy Policy",
)

# Layers of Keras 2 that call a function of TensorFlow by its name.
CALLS = _names("TFOpLambda SlicingOpLambda")

CLASSES = MODELS | LAYERS | OPERATIONS | CALLS | _INITIALIZERS | _PENALTIES | _DATA

# What these may call.
TENSORFLOW_FUNCTIONS = _names(
    "__operators__.add __operators__.floordiv __operators__.getitem __operators__.logical_and",
    "__operators__.mod __operators__.mul __operators__.pow __operators__.sub",
    "__operators__.truediv",
    "abs add_n broadcast_to cast clip_by_value compat.v1.image.resize_bilinear",
    "compat.v1.image.resize_nearest_neighbor compat.v1.nn.depth_to_space",
    "compat.v1.nn.space_to_depth compat.v1.shape compat.v1.squeeze compat.v1.transpose concat",
    "convert_to_tensor expand_dims gather identity matmul one_hot ones_like pad reshape",
    "reverse shape slice split squeeze stack stop_gradient strided_slice tensordot tile",
    "transpose unstack where zeros_like",
    "image.adjust_brightness image.adjust_contrast image.central_crop image.crop_to_bounding_box",
    "image.extract_patches image.pad_to_bounding_box image.per_image_standardization",
    "image.resize image.rgb_to_grayscale image.grayscale_to_rgb image.resize_with_crop_or_pad",
    "keras.activations.elu keras.activations.exponential keras.activations.gelu",
    "keras.activations.hard_sigmoid keras.activations.linear keras.activations.mish",
    "keras.activations.relu keras.activations.selu keras.activations.sigmoid",
    "keras.activations.softmax keras.activations.softplus keras.activations.softsign",
    "keras.activations.swish keras.activations.tanh keras.backend.clip",
    "keras.backend.expand_dims keras.backend.int_shape keras.backend.mean keras.backend.relu",
    "keras.backend.resize_images keras.backend.sigmoid keras.backend.sqrt",
    "keras.backend.square keras.backend.squeeze keras.backend.sum",
    "linalg.l2_normalize linalg.matmul linalg.normalize math.abs math.add math.add_n",
    "math.argmax math.ceil math.cos math.cumsum math.divide math.divide_no_nan math.equal",
    "math.erf math.exp math.floor math.greater math.greater_equal math.l2_normalize math.less",
    "math.less_equal math.log math.log1p math.log_sigmoid math.logical_and math.logical_not",
    "math.logical_or math.maximum math.minimum math.multiply math.negative math.pow math.rsqrt",
    "math.reciprocal math.reduce_logsumexp math.reduce_max math.reduce_mean math.reduce_min",
    "math.reduce_prod math.reduce_std math.reduce_sum math.reduce_variance math.round",
    "math.scalar_mul math.sigmoid math.sign math.sin math.softplus math.sqrt math.square",
    "math.squared_difference math.subtract math.tanh math.top_k math.truediv",
    "nn.avg_pool nn.avg_pool2d nn.batch_normalization nn.bias_add nn.conv2d",
    "nn.conv2d_transpose nn.depth_to_space nn.depthwise_conv2d nn.dropout nn.elu nn.gelu",
    "nn.l2_normalize nn.leaky_relu nn.local_response_normalization nn.log_softmax nn.max_pool",
    "nn.max_pool2d nn.moments nn.relu nn.relu6 nn.selu nn.sigmoid nn.silu nn.softmax",
    "nn.softplus nn.softsign nn.space_to_depth nn.swish nn.tanh",
)

# Where Keras says that these classes and functions are. With another module it might import it.
_PUBLIC = _names(
    "activations constraints dtype_policies initializers layers mixed_precision models",
    "regularizers layers.experimental.preprocessing",
)
_PRIVATE = _names(
    "activations activations.activations applications.convnext",
    "applications.inception_resnet_v2 constraints.constraints",
    "constraints dtype_policies.dtype_policy engine.functional engine.input_layer",
    "engine.sequential engine.training initializers initializers.initializers",
    "initializers.constant_initializers initializers.random_initializers layers",
    "layers.core.tf_op_layer mixed_precision.policy models.functional models.model",
    "models.sequential ops.core ops.image ops.linalg ops.math ops.nn ops.numpy regularizers",
    "regularizers.regularizers",
)
MODULES = (
    frozenset(f"{package}.{name}" for package in ("keras", "tf_keras") for name in _PUBLIC)
    | frozenset(f"{package}.src.{name}" for package in ("keras", "tf_keras") for name in _PRIVATE)
    | _names("keras tf_keras builtins tensorflow.python.ops.init_ops_v2")
)
