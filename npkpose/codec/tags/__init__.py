"""Tags (associative embedding): keypoints of one person have nearly equal numbers.

Beside one heatmap for each of K keypoints, a network gives one tag map for each: a number, or T
numbers, at every pixel. With t_nk the tag at keypoint k of person n and h_n the mean tag of that
person, training minimises

    pull = mean over people n and keypoints k of |t_nk - h_n|^2
    push = 1/2 mean over pairs of people n != m of exp(-|h_n - h_m|^2)

so tags are equal within a person and differ between people. Their values have no other meaning.
The whole method of grouping, without its thresholds:

    people = []
    for k in order:  # keypoints that are detected most surely come first
        peaks = local maxima of heatmap k, each with its score s_i and its tag t_i
        d[i, p] = |t_i - mean tag of person p| / tag_threshold
        cost[i, p] = 100 round(d) + d - s_i (1 + 2 mean score of person p)
        match peaks with people at the least total cost; only pairs with d < 1
        every unmatched peak starts a person
    drop people of few keypoints or low score, and near duplicates
    optionally, for each missing keypoint k of person p:
        x_k = argmax over pixels q of heatmap k at q - round(d of the tag at q)
    optionally, if a left and a right keypoint of a person coincide: move one of them

Read in this order:

    loss.py           pull and push, with their gradients
    peaks.py          local maxima, the points and the pixels whose tags are read
    group.py          `group_tags`: heatmaps and tags -> `Poses`, all steps in order
    fill_missing.py   missing keypoints of a person, filled in
    left_right.py     coinciding left and right keypoints, separated

Each file gives its formula and its departures from Newell, Huang and Deng, "Associative
Embedding", NeurIPS 2017, arXiv:1611.05424, and Cheng et al., "HigherHRNet", CVPR 2020,
arXiv:1908.10357.
"""
