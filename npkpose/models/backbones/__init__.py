"""The parts that several networks share: blocks, and networks without a head.

    residual.py       convolution with normalisation, residual blocks, layers under names
    resnet.py         ResNet
    vgg19.py          the first ten convolutions of VGG-19
    mobilenetv2.py    the first half of MobileNetV2
    transformer.py    the vision transformer
"""
